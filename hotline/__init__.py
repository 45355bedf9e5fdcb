"""The composition root: settings, wiring, subscriptions, web application, command line, health.

Imports every department and is imported by none.
"""
