#!/usr/bin/python3
"""Runs the sanity tests of ansible-test on the collection: sanity.py [OPTION...]

ansible-test would fill virtual environments from PyPI. Here it gets one that has the packages of Debian, so the tests run without a
network, for the ansible-core that is installed.
"""

import os
import pathlib
import shutil
import sys
import tempfile
import venv

TOP = pathlib.Path(__file__).resolve().parents[2]
VERSION = "{}.{}".format(*sys.version_info[:2])


def environment(folder):
    """Ansible's home, and a virtual environment with the packages of the system; the path of its Python."""
    os.environ.update(HOME=str(folder), PATH="/usr/bin:/bin", LC_ALL="C.UTF-8")
    venv.create(folder / "venv", system_site_packages=True)
    return str(folder / "venv/bin/python")


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="portreeve-sanity."))
    try:
        python = environment(folder)
        # ansible-test wants this path, and looks for it when it is imported.
        collection = folder / "ansible_collections/portreeve/host"
        shutil.copytree(TOP / "system/ansible", collection)
        os.chdir(collection)
        from ansible_test import _internal
        from ansible_test._internal.commands import sanity
        from ansible_test._internal.host_configs import VirtualPythonConfig
        for name in ["create_sanity_virtualenv", "check_sanity_virtualenv_yaml"]:
            assert hasattr(sanity, name), f"ansible-test has no {name} any more"
        sanity.create_sanity_virtualenv = lambda args, python_, name, **options: VirtualPythonConfig(version=VERSION, path=python)
        sanity.check_sanity_virtualenv_yaml = lambda python_: True
        # It reads its options from there.
        sys.argv = ["/usr/bin/ansible-test", "sanity", "--python", VERSION, "--color", "no", *sys.argv[1:]]
        _internal.main()
    finally:
        os.chdir("/")
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
