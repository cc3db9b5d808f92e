import type { Homes } from '../../contracts/homes.ts';
import type { ModelParams } from '../../contracts/params.ts';
import type { Workspace } from '../../workspace.ts';
import type { ReviewRequest } from './request.ts';

/** One model of one pull request. */
export interface Subject {
  workspace: Workspace;
  model: string;
  /** The pull request's entry of params.yaml. */
  params: ModelParams;
  request: ReviewRequest;
  homes: Homes;
}
