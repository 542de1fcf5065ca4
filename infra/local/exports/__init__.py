"""Export jobs of a local run, whose parts are written in a thread beside the lane of the participants."""
