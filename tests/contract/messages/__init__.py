"""Messages of people who manage a run to participants, over every engine."""
