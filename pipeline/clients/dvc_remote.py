"""Opens a DVC remote as DVC does (its settings, profiles, roles, signed-in sessions) and takes some steps on it.

Argument: {"name": remote, "steps": [{"do": "list"}, {"do": "read" | "write" | "remove", "key": …, "text": …},
{"do": "put", "key": …, "file": …}, {"do": "objects" | "remove-all", "file": …}]}. Output: one JSON object a step; the first that fails is the last. No secret is
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
    if do == "objects":
        return str(list_objects(fs, root, step["file"]))
    if do == "remove-all":
        return str(remove_all(fs, root, step["file"]))
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


def list_objects(fs, root, file):
    """Every object of DVC 3, a JSON line each: its hash, its size, when it was written (seconds since 1970)."""
    top = fs.join(root, "files", "md5")
    found = fs.fs.find(top, detail=True) if fs.exists(top) else {}
    if not isinstance(found, dict):
        # DVC's own local file system tells names alone.
        found = {name: fs.fs.info(name) for name in found}
    count = 0
    with open(file, "w") as lines:
        for name, info in found.items():
            folder, rest = name.replace("\\", "/").split("/")[-2:]
            written = info.get("LastModified") or info.get("last_modified") or info.get("mtime")
            if not isinstance(written, (int, float)):
                written = written.timestamp() if written else None
            json.dump({"hash": folder + rest, "bytes": info.get("size") or 0, "written": written}, lines)
            lines.write("\n")
            count += 1
    return count


def remove_all(fs, root, file):
    """In the order of the lines, a hash each; what is not there any more is no error."""
    with open(file) as lines:
        hashes = lines.read().split()
    for at in range(0, len(hashes), 500):
        paths = [fs.join(root, "files", "md5", one[:2], one[2:]) for one in hashes[at : at + 500]]
        try:
            fs.fs.rm(paths)
        except FileNotFoundError:
            for path in paths:
                if fs.exists(path):
                    fs.fs.rm_file(path)
    return len(hashes)


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
