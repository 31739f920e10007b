"""The launcher behind `conf/claude`: starts Claude Code with the environment that fits a model."""
