"""Opens a DVC remote as DVC does (its settings, profiles, roles, signed-in sessions) and takes some steps on it.

Argument: {"name": remote, "steps": [{"do": "list"}, {"do": "read" | "write" | "remove", "key": …, "text": …},
{"do": "put", "key": …, "file": …}]}. Output: one JSON object a step; the first that fails is the last. No secret is
among the arguments: they stand in the settings that DVC_SYSTEM_CONFIG_DIR names.
"""

import json
import sys
import time


def main():
    asked = json.loads(sys.argv[1])
    step = {"do": "open"}
    try:
        fs, root = opened(asked["name"])
        for step in asked["steps"]:
            began = time.monotonic()
            found = take(fs, root, step)
            tell(step, text=found, ms=round(1000 * (time.monotonic() - began)))
    except BaseException as error:  # noqa: BLE001: whatever it is, the caller reads what it means
        tell(step, error=words(error))


def opened(name):
    from dvc.config import Config
    from dvc.fs import get_cloud_fs

    cls, config, root = get_cloud_fs(Config.from_cwd(), name=name)
    return cls(**config), root


def take(fs, root, step):
    do = step["do"]
    if do == "list":
        look(fs, root)
        return None
    path = fs.join(root, *step["key"].split("/"))
    if do == "read":
        return fs.cat_file(path).decode()
    if do == "remove":
        fs.remove(path)
        return None
    fs.makedirs(fs.parent(path), exist_ok=True)
    if do == "put":
        fs.put_file(step["file"], path)
    else:
        fs.pipe_file(path, step["text"].encode())
    return None


# No object's name begins so: the answer is empty and quick, however much there is.
NOTHING = ("files", "md5", "00", "0" * 30)


def look(fs, root):
    """The cheapest request that a bucket answers only to who may use it."""
    bucket, _, prefix = fs.join(root, *NOTHING).strip("/").partition("/")
    if fs.protocol == "s3":
        fs.fs.retries = 1
        fs.fs.call_s3("list_objects_v2", Bucket=bucket, Prefix=prefix, MaxKeys=1)
    elif fs.protocol == "azure":
        from fsspec.asyn import sync

        sync(fs.fs.loop, first_blob, fs.fs.service_client, bucket, prefix)
    else:
        fs.exists(root)


async def first_blob(service, container, prefix):
    async with service.get_container_client(container) as client:
        # Else it tries for a minute to reach a host that is not there.
        async for _ in client.list_blobs(name_starts_with=prefix, results_per_page=1, retry_total=0):
            return


def words(error):
    """All that the chain of causes says: libraries hide the store's own code behind their classes."""
    said = []
    while error is not None and len(said) < 10:
        code = getattr(error, "error_code", None) or ""
        said.append(f"{type(error).__name__} {code}: {error}")
        error = error.__cause__ or error.__context__
    return "\n".join(said)


def tell(step, **result):
    told = {"do": step["do"], **{name: value for name, value in result.items() if value is not None}}
    print(json.dumps(told), flush=True)


main()
