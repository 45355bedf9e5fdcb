"""The words every department shares, and nothing that does work.

Pure: no I/O, no clock, no randomness. The impure part that adapters and routes need
(database, bus, clock, logging, web) lives in `kernel.infra`, which `kernel` itself never imports.
"""
