"""What people who manage a run do with it: payments, dead letters, participants, jobs, the stop of a run."""
