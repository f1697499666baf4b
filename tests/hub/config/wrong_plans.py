"""Rounds, rules and the hub's own settings written down wrongly."""

from __future__ import annotations

from tests.hub.config.writing import VALID, Case, changed


def _round(more: str) -> str:
    head = '\n[[round]]\nid = "second"\nname = "Second"\n'
    return f"{VALID}{head}{more}\n"


def _rule(name: str, more: str) -> str:
    return f"{VALID}\n[rules.{name}]\n{more}\n"


def _broker(more: str) -> str:
    return f"{VALID}\n[broker]\n{more}\n"


def _history(more: str) -> str:
    return f"{VALID}\n[storage.history]\n{more}\n"


HASH = "$2b$06$SIGYZBvDOU1SkTjDgi7qU.dLtmrHDvkfYuzS9Ov5X.qMsC47PJpf2"


def _user(more: str, broker: str = "") -> str:
    return f'{VALID}\n[broker]\n{broker}\n[[broker.user]]\npassword_hash = "{HASH}"\n{more}\n'


def _list(more: str) -> str:
    return f'{VALID}\n[[checklist]]\nid = "boiler"\nname = "Boiler room"\n{more}\n'


def _tasmota(topic: str) -> str:
    head = '\n[[device]]\nid = "plug"\nname = "Plug"\nkind = "meter"\narea = "canteen"\nowner = "wang"\n'
    return f'{head}interval = "1m"\nformat = "tasmota"\ntopic = "{topic}"\n'


_WALK = 'guard = "zhang"\ncheckpoints = ["gate"]\n'

WRONG_PLANS = {
    # checklists, pictures, guards alone
    "a checklist that does not exist": Case(
        changed('area = "canteen"\ntag_uid', 'area = "canteen"\nchecklist = "boiler"\ntag_uid'),
        "checkpoint.gate.checklist",
        "checklist",
        ("no [[checklist]] “boiler”", "none is defined yet"),
    ),
    "a single point in place of a checklist": Case(
        changed('area = "canteen"\ntag_uid', 'area = "canteen"\nchecklist = "lights-off"\ntag_uid'),
        "checkpoint.gate.checklist",
        "checklist",
        ("no [[checklist]]", 'checklist = ["lights-off"]'),
    ),
    "a point that no campus has": Case(
        changed('area = "canteen"\ntag_uid', 'area = "canteen"\nchecklist = ["light-off"]\ntag_uid'),
        "checkpoint.gate.checklist.#1",
        "checklist",
        ("“light-off”", "did you mean “lights-off”", "[[checklist]]"),
    ),
    "a point of a list that says nothing": Case(
        _list('items = ["door-locked", { id = "valve" }]'),
        "checklist.boiler.items.valve.name",
        "items",
        ("missing", "what to look at"),
    ),
    "a point that stands in a list twice": Case(
        _list('items = ["door-locked", "door-locked"]'),
        "checklist.boiler.items.#2",
        "items",
        ("“door-locked”", "once"),
    ),
    "a list that is called like a point": Case(
        _list('items = ["door-locked"]').replace('id = "boiler"', 'id = "lights-off"'),
        "checklist.lights-off.id",
        'id = "lights-off"',
        ("every campus has", "another id"),
    ),
    "an empty list": Case(_list("items = []"), "checklist.boiler.items", "items", ("is empty",)),
    "a number whose limits are swapped": Case(
        _list('items = [{ id = "p", name = "P", kind = "number", min = 3, max = 1 }]'),
        "checklist.boiler.items.p.max",
        "items",
        ("not more than min",),
    ),
    "limits of what is no number": Case(
        _list('items = [{ id = "p", name = "P", min = 3 }]'),
        "checklist.boiler.items.p.min",
        "items",
        ("is for numbers", 'kind = "number"'),
    ),
    "a picture that is not there": Case(
        changed('area = "canteen"\ntag_uid', 'area = "canteen"\npicture = "gone.jpg"\ntag_uid'),
        "checkpoint.gate.picture",
        "picture",
        ("cannot be read", "No such file"),
    ),
    "a picture that is none": Case(
        changed('area = "canteen"\ntag_uid', 'area = "canteen"\npicture = "campus.toml"\ntag_uid'),
        "checkpoint.gate.picture",
        "picture",
        ("is no picture", "JPEG"),
    ),
    "a guard alone who reports too seldom": Case(
        changed('guard = "zhang"\n', 'guard = "zhang"\nalone = "2h"\n'),
        "round.morning.alone",
        "alone",
        ("out of range", "10m"),
    ),
    # users of the embedded broker
    "a broker on a network that asks nobody": Case(
        _broker('host = "0.0.0.0"'),
        "broker.host",
        "host",
        ("“0.0.0.0” lets a network in", "[[broker.user]]", "campushub broker user", "anonymous = true"),
    ),
    "a broker that asks and lets anybody in": Case(
        _user('name = "cold-1"', "anonymous = true"),
        "broker.anonymous",
        "anonymous",
        ("users as well", "leave it out"),
    ),
    "an account for the hub where it has its own": Case(
        _user('name = "cold-1"', 'username = "hub"'), "broker.username", "username", ("account of its own",)
    ),
    "users for mosquitto": Case(
        _user('name = "cold-1"', "embedded = false"),
        "broker.user.#1",
        "[[broker.user]]",
        ("embedded broker only", "mosquitto_passwd"),
    ),
    "a mosquitto that lets anybody in": Case(
        _broker("embedded = false\nanonymous = true"), "broker.anonymous", "anonymous", ("embedded",)
    ),
    "a user without a hash": Case(
        f'{VALID}\n[[broker.user]]\nname = "cold-1"\n',
        "broker.user.#1.password_hash",
        "[[broker.user]]",
        ("missing", "campushub broker user"),
    ),
    "a password in place of its hash": Case(
        _user('name = "cold-1"').replace(HASH, "hunter2"),
        "broker.user.#1.password_hash",
        "password_hash",
        ("no bcrypt hash", "campushub broker user"),
    ),
    "a hash that takes seconds": Case(
        _user('name = "cold-1"').replace("$06$", "$16$"),
        "broker.user.#1.password_hash",
        "password_hash",
        ("from 4 to 14",),
    ),
    "a user's password in the file": Case(
        _user('name = "cold-1"\npassword = "hunter2"'),
        "broker.user.#1.password",
        "password = ",
        ("in the file itself", "makes a password_hash"),
    ),
    "a user of the hub's name": Case(
        _user('name = "campushub"'), "broker.user.#1.name", 'name = "campushub"', ("hub's own",)
    ),
    "a user named twice": Case(
        _user('name = "cold-1"') + f'\n[[broker.user]]\nname = "cold-1"\npassword_hash = "{HASH}"\n',
        "broker.user.#2.name",
        "",
        ("same name", "another name"),
    ),
    "a user for nothing": Case(
        _user('name = "kold-1"'), "broker.user.#1.name", 'name = "kold-1"', ("“kold-1”", "`devices`")
    ),
    "a user for a device that does not exist": Case(
        _user('name = "gateway"\ndevices = ["cold-1", "cold-2"]'),
        "broker.user.#1.devices.#2",
        "devices",
        ("“cold-2”", "did you mean “cold-1”"),
    ),
    "a gateway for topics of native devices": Case(
        _user('name = "gateway"\ntopics = ["campus/school"]'),
        "broker.user.#1.topics.#1",
        "topics",
        ("native", "`devices`"),
    ),
    "a gateway for everything": Case(
        _user('name = "gateway"\ntopics = ["#"]'), "broker.user.#1.topics.#1", "topics", ('without "+"',)
    ),
    "a topic that the embedded broker would take for a wildcard": Case(
        _user('name = "gateway"\ntopics = ["zigbee2mqtt/*"]'),
        "broker.user.#1.topics.#1",
        "topics",
        ("cannot hold rights", "“zigbee2mqtt/*”"),
    ),
    "a device whose topic has dots": Case(
        _user('name = "plug"') + _tasmota("plug.1"),
        "broker.user.#1.name",
        'name = "plug"',
        ("“plug.1”", "rename"),
    ),
    # rounds
    "a round that takes no time": Case(
        changed('"08:30"', '"06:00"'), "round.morning.ends", "ends", ("starts", "time to walk")
    ),
    "a round past nothing": Case(
        changed('["gate"]', "[]"), "round.morning.checkpoints", "checkpoints", ("empty", '"gatehouse"')
    ),
    "a checkpoint named twice in a round": Case(
        changed('["gate"]', '["gate", "gate"]'),
        "round.morning.checkpoints.#2",
        "checkpoints",
        ("already", "once"),
    ),
    "a round at no time of day": Case(
        changed('"08:30"', '"24:30"'), "round.morning.ends", "ends", ("not a time of day", '"06:00"')
    ),
    "a round on no weekday": Case(
        changed('["gate"]', '["gate"]\nweekdays = ["monday"]'),
        "round.morning.weekdays.#1",
        "weekdays",
        ("“monday”", "mon, tue"),
    ),
    "two rounds of one guard at once": Case(
        _round(f'starts = "08:00"\nends = "09:00"\n{_WALK}'),
        "round.second.starts",
        'starts = "08:00"',
        ("overlaps round “morning”", "another guard"),
    ),
    "two rounds that overlap past midnight and past Sunday": Case(
        _round(f'starts = "22:00"\nends = "06:30"\nweekdays = ["sun"]\n{_WALK}'),
        "round.second.starts",
        'starts = "22:00"',
        ("overlaps round “morning”",),
    ),
    # rules
    "a rule that is not in the catalogue": Case(
        _rule('"cold.chilled.wram"', "limit = 7"),
        "rules.cold.chilled.wram",
        "[rules",
        ("not a rule", "did you mean “cold.chilled.warm”"),
    ),
    "a rule whose quotes were forgotten": Case(
        _rule("cold.chilled.warm", "limit = 7"), "rules.cold", "[rules", ("quotes", '[rules."cold.')
    ),
    "a rule's unknown number": Case(
        _rule('"cold.chilled.warm"', "limt = 7"), "rules.cold.chilled.warm.limt", "limt", ("mean “limit”",)
    ),
    "a rule's number that is none": Case(
        _rule('"cold.chilled.warm"', 'severity = "info"\nlimit = "seven"'),
        "rules.cold.chilled.warm.limit",
        "limit",
        ("number",),
    ),
    "a rule's numbers that do not go together": Case(
        _rule('"cold.chilled.warm"', "limit = 7\nclear = 9"), "rules.cold.chilled.warm", "", ("clear",)
    ),
    "a rule half switched off": Case(
        _rule('"cold.chilled.warm"', 'enabled = "no"'),
        "rules.cold.chilled.warm.enabled",
        "enabled",
        ("true or false",),
    ),
    # broker, storage, pages
    "a port out of range": Case(_broker("port = 70000"), "broker.port", "port", ("out of range", "65535")),
    "a port that is true": Case(VALID + "\n[web]\nport = true\n", "web.port", "port", ("whole number",)),
    "one port for two": Case(
        _broker("port = 8360") + "[web]\nport  = 8360\n",
        "web.port",
        "port  =",
        ("embedded broker",),
    ),
    "TLS at the embedded broker": Case(_broker("tls = true"), "broker.tls", "tls", ("embedded = false",)),
    "MQTT 5 at the embedded broker": Case(
        _broker('protocol = "5"'), "broker.protocol", "protocol", ("3.1.1", "embedded = false")
    ),
    "a password in the file": Case(
        _broker('username = "hub"\npassword = "hunter2"'),
        "broker.password",
        "password",
        ("password_env", "_file"),
    ),
    "a password in a URL": Case(
        VALID + '\n[storage]\nbook_url = "postgresql://hub:hunter2@db/hub"\n',
        "storage.book_url",
        "book_url",
        ("password", "environment"),
    ),
    "a book nowhere": Case(
        VALID + '\n[storage]\nbook_url = "book.sqlite"\n', "storage.book_url", "book_url", ("SQLAlchemy",)
    ),
    "a variable that is not set": Case(
        _broker('username = "hub"\npassword_env = "HUB_PASSWORD"'),
        "broker.password_env",
        "password_env",
        ("not set", "service"),
    ),
    "a secret's file that is not there": Case(
        _broker('username = "hub"\npassword_file = "nowhere"'),
        "broker.password_file",
        "password_file",
        ("No such file", "write the secret"),
    ),
    "two places for one secret": Case(
        _broker('username = "hub"\npassword_env = "A"\npassword_file = "b"'),
        "broker.password_file",
        "password_file",
        ("only one",),
    ),
    "a password of nobody": Case(
        _broker('password_env = "HOME"'), "broker.password_env", "password_env", ("username",)
    ),
    "InfluxDB nowhere": Case(
        _history('kind = "influxdb1"'), "storage.history.url", "[storage.history]", ("http://",)
    ),
    "InfluxDB at no web address": Case(
        _history('kind = "influxdb1"\nurl = "localhost:8086"'), "storage.history.url", "url", ("http://",)
    ),
    "InfluxDB 2 without a token": Case(
        _history('kind = "influxdb2"\nurl = "http://db:8086"\norganisation = "school"'),
        "storage.history.token_env",
        "[storage.history]",
        ("token",),
    ),
    "settings that would be ignored": Case(
        _history('url = "http://db:8086"'), "storage.history.url", "url", ("“duckdb”", "leave it out")
    ),
}
