"""The core of studies over every engine: at once, and with crashes."""
