"""The verbs: one function for each thing that somebody, or the clock, can do.

An operation takes the unit (the request's unit of work, the experiment and who is calling) and plain
values, and returns what is shown. It never commits: `services.App.run` does, and runs the operation
again from the start when somebody else was faster.
"""
