"""`python child.py REPOSITORY`: a supervisor process whose agents are fake ones."""

from __future__ import annotations

import runpy

from tests.supervisor import fake_driver

if __name__ == "__main__":
    fake_driver.register()
    runpy.run_module("cockpit.supervisor", run_name="__main__", alter_sys=True)
