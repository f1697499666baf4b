"""What those who tapped hear of it: judged once for phones and readers, sent to readers over MQTT."""
