def merge_steps(default, wanted):
    return [*(default or []), *wanted], []
