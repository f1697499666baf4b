"""The gateway: it reads what is on serial ports, keeps it on disk, and hands it to the hub over MQTT."""
