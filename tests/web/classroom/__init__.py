"""Live sessions over HTTP: people join, and hosts pace the pages."""
