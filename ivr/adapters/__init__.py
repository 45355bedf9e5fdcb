"""Files, tables and programs of the IVR: YAML flows, the prompt catalogue, espeak-ng, memory."""
