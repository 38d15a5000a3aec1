"""What it costs: this addon side by side with what a user would otherwise run."""
