import { type Command, Option } from 'commander';
import type { Environment, GlobalOptions } from './environment.ts';

interface Workbench {
  /** A command of ours, with what all of them take. */
  command(nameAndArguments: string): Command;
  environment(options: GlobalOptions): Environment;
}

/** What the workflows call, each step one command, and what sets a repository up for them. */
export function addWorkflowCommands({ command, environment }: Workbench): void {
  command('review-plan')
    .description('which models a pull request must be reviewed for (workflow model-review)')
    .requiredOption('--into <branch>', 'the branch it is to be merged into')
    .requiredOption('--base <sha>', 'newest commit of that branch')
    .requiredOption('--head <sha>', 'newest commit of the pull request')
    .action(async (options) =>
      (await import('./review/review.ts')).reviewPlanCommand(environment(options), options),
    );

  command('review <model>')
    .description(
      'data and training run of one model of a pull request; submits its forecasts (workflow model-review)',
    )
    .requiredOption('--into <branch>', 'the branch it is to be merged into')
    .requiredOption('--base <sha>', 'newest commit of that branch')
    .requiredOption('--head <sha>', 'newest commit of the pull request')
    .action(async (model, options) =>
      (await import('./review/review.ts')).reviewModelCommand(environment(options), { ...options, model }),
    );

  command('judge')
    .description('judge what a review submitted; comment and status (workflow model-review-comment)')
    .option('--event <file>', 'the event; default: GITHUB_EVENT_PATH')
    .action(async (options) =>
      (await import('./judge/judge.ts')).judgeCommand(environment(options), options),
    );

  command('etl-collect')
    .description('ingest, gate and publish all models; says which are due for training (workflow etl)')
    .option('--model <name>', 'this one alone')
    .option('--train', 'train also where it is not due')
    .action(async (options) =>
      (await import('./etl/etl.ts')).etlCollectCommand(environment(options), options),
    );

  command('etl-train <model>')
    .description('train, judge and register one model on the collected data (workflows etl and candidate)')
    .option('--trial <name>', 'one trial of `train.trials`: logged, not registered')
    .action(async (model, options) =>
      (await import('./etl/etl.ts')).etlTrainCommand(environment(options), { ...options, model }),
    );

  command('etl-propose')
    .description('one pull request of a robot with what was collected and trained (workflow etl)')
    .requiredOption('--from <folder>', 'what the jobs before left, a folder each')
    .action(async (options) =>
      (await import('./etl/etl.ts')).etlProposeCommand(environment(options), options),
    );

  command('candidate-plan')
    .description('which models a merge into `test` changed (workflow candidate)')
    .requiredOption('--before <sha>', 'the branch before the merge')
    .requiredOption('--after <sha>', 'and after it')
    .action(async (options) =>
      (await import('./etl/candidate.ts')).candidatePlanCommand(environment(options), options),
    );

  command('candidate-propose')
    .description('the pull request from `test` towards `master`, with what was trained (workflow candidate)')
    .requiredOption('--from <folder>', 'what the jobs before left, a folder each')
    .action(async (options) =>
      (await import('./etl/candidate.ts')).candidateProposeCommand(environment(options), options),
    );

  command('sync')
    .description('merge `master` back into `test` and `dev` (workflow sync)')
    .option('--limit <duration>', 'how long to wait for checks', '30m')
    .action(async (options) => (await import('./etl/sync.ts')).syncCommand(environment(options), options));

  command('follow')
    .description('verify what production.json names and let the registry’s `champion` point there')
    .option('--model <name>', 'this one alone')
    .action(async (options) =>
      (await import('./etl/follow.ts')).followCommand(environment(options), options),
    );

  command('bake <folder>')
    .description('released.json with bundles and observation packs, verified: what an image is baked with')
    .option('--model <name...>', 'these alone; default: every active one')
    .addOption(
      new Option(
        '--from <which>',
        'what production.json names, or the champion of the registry; default: champion where promotion.mode is local',
      ).choices(['production', 'champion']),
    )
    .option('--pick <version>', 'this version in place of either; with one --model')
    .option('--commit <sha>', 'of the code; default: the one that is checked out')
    .option('--tag <tag>', 'of the release: v1.2.3')
    .option('--image <reference>', 'what the image is pushed as')
    .action(async (folder, options) => {
      await (await import('./release/bake.ts')).bakeCommand(environment(options), folder, options);
    });

  command('release-plan')
    .description('what master has gained since its last release, and the next version (workflow release)')
    .option('--refresh <yes>', '`true`: build anew also where nothing has changed')
    .action(async (options) =>
      (await import('./release/plan.ts')).releasePlanCommand(environment(options), options),
    );

  command('release-build')
    .description('bundles that are checked and asked, and an image of them (workflow release)')
    .requiredOption('--commit <sha>', 'as release-plan told it')
    .requiredOption('--version <tag>', 'as release-plan told it')
    .requiredOption('--models <json>', 'as release-plan told it')
    .option('--image <yes>', '`false`: the bundles alone')
    .option('--refresh <yes>', '`true`: on the newest base image, with no layer of before')
    .action(async (options) =>
      (await import('./release/build.ts')).releaseBuildCommand(environment(options), options),
    );

  command('release-push')
    .description('the built image to IMAGE_REGISTRY, by its digest (workflow release)')
    .requiredOption('--version <tag>', 'as release-plan told it')
    .action(async (options) =>
      (await import('./release/push.ts')).releasePushCommand(environment(options), options),
    );

  command('release-verify <image>')
    .description('start an image and ask it real questions (workflow release)')
    .requiredOption('--released <folder>', 'what release-build left')
    .requiredOption('--commit <sha>', 'as release-plan told it')
    .action(async (image, options) =>
      (await import('./release/verify.ts')).releaseVerifyCommand(environment(options), image, options),
    );

  command('release-publish')
    .description('what was verified: tag, champion, GitHub release (workflow release)')
    .requiredOption('--released <folder>', 'what release-build left')
    .requiredOption('--version <tag>', 'as release-plan told it')
    .requiredOption('--commit <sha>', 'as release-plan told it')
    .option('--image <reference>', 'what was verified, by its digest; empty: no image was made')
    .option('--provenance <outcome>', 'of the step that attests')
    .action(async (options) =>
      (await import('./release/publish.ts')).releasePublishCommand(environment(options), options),
    );

  command('release-revert')
    .description('a pull request that takes production.json back after a refused release (workflow release)')
    .requiredOption('--commit <sha>', 'as release-plan told it')
    .option('--reason <text>', 'what was wrong; empty: nothing is taken back')
    .action(async (options) =>
      (await import('./release/revert.ts')).releaseRevertCommand(environment(options), options),
    );

  command('release-refresh')
    .description('start the workflow release for a newer base image (workflow image-refresh)')
    .action(async (options) =>
      (await import('./release/refresh.ts')).releaseRefreshCommand(environment(options)),
    );

  command('rollback-propose <model>')
    .description('a pull request that takes a model back to an earlier release (workflow rollback)')
    .option('--to <version>', 'default: what was released before')
    .requiredOption('--why <text>', 'for the history')
    .action(async (model, options) =>
      (await import('./release/propose-rollback.ts')).rollbackProposeCommand(
        environment(options),
        model,
        options,
      ),
    );

  command('lift <model>')
    .description('let what the last rollback barred be promoted again; one file in its history')
    .requiredOption('--why <text>', 'for the history')
    .action(async (model, options) =>
      (await import('./release/lift.ts')).liftCommand(environment(options), model, options),
    );

  command('reply')
    .description('answer a `/perennial …` comment (workflow conversation)')
    .option('--event <file>', 'the event; default: GITHUB_EVENT_PATH')
    .action(async (options) =>
      (await import('./reply/reply.ts')).replyCommand(environment(options), options),
    );

  command('github-protect')
    .description('the branch rules of .github/rulesets/: what differs on GitHub; --apply makes it so')
    .option('--apply', 'change them; without it nothing is changed')
    .option('--json', 'one JSON document on stdout')
    .action(async (options) =>
      (await import('./github/protect.ts')).protectCommand(environment(options), options),
    );

  command('github-doctor')
    .description('what the workflows need on GitHub and do not have')
    .option('--json', 'one JSON document on stdout')
    .action(async (options) =>
      (await import('./github/doctor.ts')).githubDoctorCommand(environment(options), options),
    );

  command('init')
    .description('make this repository yours: five questions, each also a flag')
    .option('--owner <owner/name>', 'your repository on GitHub')
    .option('--homes <which>', 'dagshub:<owner/name>, or the address of your MLflow')
    .option('--storage <address>', 's3://…, azure://…, https://…, or dagshub')
    .option(
      '--models <list>',
      'models of params.yaml to keep active, or name=address of a new one, by commas',
    )
    .option('--schedule <when>', 'hourly, daily or weekly; with a time of day: daily@06:17')
    .option('--app', 'make the GitHub App that the robots act with')
    .option('--reset', 'forget the demonstration: reports, data.dvc, dvc.lock, history')
    .option('--yes', 'ask nothing')
    .action(async (options) => (await import('./init/init.ts')).initCommand(environment(options), options));

  command('prune')
    .description('what is no longer needed in DVC, MLflow and the image registry; --apply removes it')
    .option('--apply', 'remove it; without it nothing is removed')
    .option('--keep <n>', 'newest versions of each model that stay in any case', Number, 10)
    .option('--json', 'one JSON document on stdout')
    .action(async (options) =>
      (await import('./prune/prune.ts')).pruneCommand(environment(options), options),
    );
}
