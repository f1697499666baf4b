"""The embedded MQTT broker, for the demo and small installations."""
