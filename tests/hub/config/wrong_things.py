"""Places, people and devices written down wrongly."""

from __future__ import annotations

from tests.hub.config.writing import SITE, VALID, Case, changed


def _device(more: str, *, kind: str = "meter") -> str:
    head = (
        f'\n[[device]]\nid = "second"\nname = "Second"\nkind = "{kind}"\narea = "canteen"\nowner = "wang"\n'
    )
    return f"{VALID}{head}{more}\n"


_TASMOTA = 'format = "tasmota"\ninterval = "1m"\ntopic = "probes"'

WRONG_THINGS = {
    # names
    "an id that no topic or URL could hold": Case(
        changed('id = "cold-1"', 'id = "Cold 1"'),
        "device.Cold 1.id",
        'id = "Cold 1"',
        ("lower-case", "cold-1"),
    ),
    "an id that is too long": Case(
        changed('id = "cold-1"', f'id = "{"c" * 49}"'), f"device.{'c' * 49}.id", 'id = "ccc', ("at most 48",)
    ),
    "an id used twice": Case(
        VALID + '\n[[area]]\nid = "canteen"\nname = "Again"\n',
        "area.canteen.id",
        'id = "canteen"\nname = "Again"',
        ("in line 7", "another id"),
    ),
    "an unknown area": Case(
        changed('area = "canteen"\ntag', 'area = "canten"\ntag'),
        "checkpoint.gate.area",
        'area = "canten"',
        ("“canten”", "did you mean “canteen”"),
    ),
    "an unknown owner": Case(
        changed('owner = "wang"', 'owner = "wong"'), "device.cold-1.owner", "owner", ("did you mean “wang”",)
    ),
    "an unknown guard": Case(
        changed('guard = "zhang"', 'guard = "zhan"'),
        "round.morning.guard",
        "guard = ",
        ("did you mean “zhang”",),
    ),
    "a guard who is none": Case(
        changed('guard = "zhang"', 'guard = "wang"'),
        "round.morning.guard",
        "guard = ",
        ("is not a guard", "role"),
    ),
    "an unknown checkpoint": Case(
        changed('["gate"]', '[\n  "gate",\n  "gat",\n]'),
        "round.morning.checkpoints.#2",
        '  "gat",',
        ("“gat”", "did you mean “gate”"),
    ),
    "an unknown key": Case(
        changed("owner =", 'ownr = "x"\nowner ='), "device.cold-1.ownr", "ownr", ("did you mean “owner”",)
    ),
    "an unknown section": Case(
        VALID + '\n[[devices]]\nid = "x"\n', "devices", "[[devices]]", ("did you mean “device”",)
    ),
    "a missing key": Case(
        changed('role = "canteen"\n', ""), "person.wang.role", '[[person]]\nid = "wang"', ("missing", "guard")
    ),
    "a missing site": Case(VALID.removeprefix(SITE), "site", "", ("missing", "[site]")),
    "a word of no meaning": Case(
        changed('role = "canteen"', 'role = "cantene"'),
        "person.wang.role",
        'role = "cant',
        ("mean “canteen”",),
    ),
    "a language that we do not speak": Case(
        changed('zone = "Asia/Shanghai"\n', 'zone = "Asia/Shanghai"\nlanguage = "fr"\n'),
        "site.language",
        "language",
        ("“fr”", "zh-CN"),
    ),
    "a time zone that does not exist": Case(
        changed("Asia/Shanghai", "Asia/Shangai"), "site.zone", "zone", ("did you mean “Asia/Shanghai”",)
    ),
    "a time zone that is a path": Case(
        changed("Asia/Shanghai", "../../etc/passwd"),
        "site.zone",
        "zone",
        ("not a time zone", "Asia/Shanghai"),
    ),
    "a name in one language only": Case(
        changed('{ zh = "食堂", en = "Canteen" }', '{ zh = "食堂" }'),
        "area.canteen.name.en",
        "{ zh",
        ("missing",),
    ),
    "a name with control characters": Case(
        changed('name = "Fridge"', 'name = "\\u001b[2J"'), "device.cold-1.name", 'name = "\\u', ("control",)
    ),
    "a text where a number belongs": Case(
        VALID.replace('interval = "1m"', 'interval = "1m"\nhigh = "8"'),
        "device.cold-1.high",
        "high",
        ("number",),
    ),
    "not a number": Case(
        VALID.replace('interval = "1m"', 'interval = "1m"\nhigh = nan'),
        "device.cold-1.high",
        "high",
        ("finite",),
    ),
    # devices
    "low above high": Case(
        VALID.replace('interval = "1m"', 'interval = "1m"\nlow = 9\nhigh = 8'),
        "device.cold-1.low",
        "low = 9",
        ("9 is not below high = 8", "swap"),
    ),
    "limits on what has none": Case(
        _device('interval = "1m"\nhigh = 8'), "device.second.high", "high", ("no limits", "rule")
    ),
    "a fridge for nothing": Case(
        changed('storing = "chilled"\n', ""), "device.cold-1.storing", "[[device]]", ("missing", '"sample"')
    ),
    "a meter that stores": Case(
        _device('interval = "1m"\nstoring = "frozen"'),
        "device.second.storing",
        'storing = "f',
        ("leave it out",),
    ),
    "a fridge without an interval": Case(
        changed('interval = "1m"\n', ""), "device.cold-1.interval", "[[device]]", ("missing", '"1m"')
    ),
    "an interval that is no duration": Case(
        changed('"1m"', '"1 minute"'), "device.cold-1.interval", "interval", ("not a duration", '"10m"')
    ),
    "an interval of nothing": Case(
        changed('"1m"', '"0s"'), "device.cold-1.interval", "interval", ("out of range", '"1s"')
    ),
    "a maker's device without a topic": Case(
        _device('format = "tasmota"\ninterval = "1m"'),
        "device.second.topic",
        '[[device]]\nid = "s',
        ("missing",),
    ),
    "a native device with a topic": Case(
        _device('interval = "1m"\ntopic = "x"'),
        "device.second.topic",
        "topic",
        ("makers' formats", "leave it out"),
    ),
    "a topic with a wildcard": Case(
        _device('format = "tasmota"\ninterval = "1m"\ntopic = "a/#"'),
        "device.second.topic",
        "topic",
        ('"#"',),
    ),
    "a topic of ours": Case(
        _device('format = "zigbee2mqtt"\ninterval = "1m"\ntopic = "campus/x"'),
        "device.second.topic",
        "topic",
        ("native",),
    ),
    "a Zigbee topic without its base": Case(
        _device('format = "zigbee2mqtt"\ninterval = "1m"\ntopic = "plug"'),
        "device.second.topic",
        "topic",
        ('"zigbee2mqtt/plug"',),
    ),
    "a topic with spaces at the embedded broker": Case(
        _device('format = "zigbee2mqtt"\ninterval = "1m"\ntopic = "zigbee2mqtt/cold 4"'),
        "device.second.topic",
        "topic",
        ("spaces", "rename", "mosquitto"),
    ),
    "a topic and sensor used twice": Case(
        _device(_TASMOTA) + _device(_TASMOTA).removeprefix(VALID).replace('"second"', '"third"'),
        "device.third.topic",
        "",
        ("device.second in line", "sensor"),
    ),
    "a reader in a maker's format": Case(
        _device('format = "tasmota"\ntopic = "x"', kind="checkpoint"),
        "device.second.format",
        "format",
        ("native",),
    ),
    # tags and badges
    "a tag that is no UID": Case(
        changed("04A1B2C3D4E580", "04A1B2C3D4"),
        "checkpoint.gate.tag_uid",
        "tag_uid",
        ("4, 7 or 10 bytes", "hex"),
    ),
    "a badge that is no UID": Case(
        changed("04:b8:3a:1c", "zhang's"), "person.zhang.badge", "badge", ("4, 7 or 10 bytes",)
    ),
    "a tag used twice": Case(
        VALID
        + '\n[[checkpoint]]\nid = "b"\nname = "B"\narea = "canteen"\ntag_uid = "04 a1 b2 c3 d4 e5 80"\n',
        "checkpoint.b.tag_uid",
        'tag_uid = "04 a1',
        ("checkpoint.gate in line", "same UID", "read"),
    ),
    "nobody to begin with": Case(
        changed('role = "admin"', 'role = "head"'), "person", "", ("administrator", "one-time password")
    ),
    "a badge that is a tag": Case(
        changed("04:b8:3a:1c", "04A1B2C3D4E580"),
        "person.zhang.badge",
        "badge",
        ("checkpoint.gate", "own UID"),
    ),
}
