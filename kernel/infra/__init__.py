"""The impure kernel: database, bus, clock, ids, logging, web. For adapters, routes and hotline."""
