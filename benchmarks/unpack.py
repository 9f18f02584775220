"""Takes one file out of the package in a folder: a wheel or a source archive.  Usage: unpack.py FOLDER MEMBER OUT"""

import pathlib
import sys
import tarfile
import zipfile


def read_member(archive: pathlib.Path, member: str) -> bytes | None:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as files:
            return files.read(member) if member in files.namelist() else None
    with tarfile.open(archive) as files:  # NAME-VERSION/ or NAME-VERSION/src/ comes before the path
        for info in files:
            if info.isfile() and info.name.endswith("/" + member):
                return files.extractfile(info).read()
    return None


folder, member, out = sys.argv[1:]
for archive in pathlib.Path(folder).iterdir():
    content = read_member(archive, member)
    if content is not None:
        pathlib.Path(out).write_bytes(content)
        sys.exit(0)
sys.exit(1)
