"""WORK: work orders (整改), from reported until somebody else has verified that it is put right."""
