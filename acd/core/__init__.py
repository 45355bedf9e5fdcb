"""The rules of the distribution: values, transition tables, `step`. Pure."""
