#!/bin/sh
# The bucket first, then MLflow with user names and passwords. Where things are is said in the environment: PG… for the
# database, AWS_… and MLFLOW_S3_ENDPOINT_URL for the bucket, MLFLOW_… for the server.
set -eu
here=$(dirname "$0")
export MLFLOW_AUTH_CONFIG_PATH="$here/auth.ini"
python3 "$here/make_bucket.py"
exec mlflow server --app-name basic-auth
