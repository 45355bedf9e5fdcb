"""vosk, the workers' processes, and the shelf of installed models."""
