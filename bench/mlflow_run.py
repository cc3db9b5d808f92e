"""One training run logged through MLflow's own client, each time a line arrives; answers with the seconds it took."""

import json
import sys
import time

from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag
from mlflow.tracking import MlflowClient

about = json.loads(sys.argv[1])
client = MlflowClient(about["url"])
PER_BATCH = 1000


def log_run() -> None:
    experiment = client.get_experiment_by_name(about["experiment"])
    run = client.create_run(experiment.experiment_id, tags=about["tags"], run_name="python")
    run_id = run.info.run_id
    metrics = [Metric(key, value, 1_782_856_800_000, step) for key, value, step in about["metrics"]]
    params = [Param(key, str(value)) for key, value in about["params"].items()]
    tags = [RunTag(key, value) for key, value in about["tags"].items()]
    first = PER_BATCH - len(params) - len(tags)
    client.log_batch(run_id, metrics=metrics[:first], params=params, tags=tags)
    for start in range(first, len(metrics), PER_BATCH):
        client.log_batch(run_id, metrics=metrics[start : start + PER_BATCH])
    dataset = Dataset(**about["dataset"])
    client.log_inputs(run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])])
    client.log_artifacts(run_id, about["artifacts"])
    client.set_terminated(run_id, "FINISHED")


print("ready", flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    log_run()
    print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)
