"""The steps of the scenario: each has `run(options, checks)`, which may return a remark for its line."""
