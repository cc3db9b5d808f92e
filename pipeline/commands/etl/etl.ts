export { etlCollectCommand } from './collect.ts';
export { etlProposeCommand } from './propose.ts';
export { etlTrainCommand } from './train.ts';
