"""Makes the bucket where it is not there yet; waits for the S3 server, but not for ever."""

import os
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError, HTTPClientError

LIMIT_SECONDS = 60


def main():
    bucket = os.environ["HOMES_BUCKET"]
    endpoint = os.environ["MLFLOW_S3_ENDPOINT_URL"]
    s3 = boto3.client(
        "s3", endpoint_url=endpoint, config=Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 1})
    )
    until = time.monotonic() + LIMIT_SECONDS
    while True:
        try:
            return make(s3, bucket)
        except ClientError as error:
            code = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if code in (401, 403):
                sys.exit(f"the S3 server at {endpoint} does not take this key: is its volume older than the .env file?")
            problem = error
        except (EndpointConnectionError, HTTPClientError) as error:
            problem = error
        if time.monotonic() > until:
            sys.exit(f"no bucket at {endpoint} after {LIMIT_SECONDS} s: {problem}")
        time.sleep(1)


def make(s3, bucket):
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        s3.create_bucket(Bucket=bucket)
        print(f"made the bucket {bucket}", flush=True)


if __name__ == "__main__":
    main()
