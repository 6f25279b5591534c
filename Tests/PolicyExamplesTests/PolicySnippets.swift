/// Short policies for the comparison of the schema with the reader.
enum PolicySnippets {
    /// Policies that both accept.
    static let good =
        [
            "version: 1",
            "version: \"1\"",
            "version: 1\nservices: {}",
            "version: 1\nsources: {a: 10.0.0.1}",
            "version: 1\nsources: {a: [10.0.0.1, b], b: [\"2001:db8::/32\", 192.0.2.1-192.0.2.9]}",
            "version: 1\nsources: {_Office.1-a: any}",
            "version: 1\nsources: {a: {names: vpn.example.net}}",
            "version: 1\nsources: {a: [{names: [A.example.net, xn--bcher-kva.example], keep: 90m, at-most: \"3\"}, 10.0.0.1]}",
            "version: 1\nsources: {a: 10.0.0.1}\ndeny: a",
            "version: 1\ndeny: []",
            "version: 1\ndeny: 10.0.0.0/8\nnever-deny: [10.0.0.1, \"2001:db8::1\"]",
            "version: 1\ndeny: [192.0.2.1, \"2001:db8::1\"]",
            "version: 1\ninclude: []",
            "version: 1\ninclude: nowhere.d/*.yaml",
            "version: 1\ntests: []",
            "version: 1\nhost: db1", "version: 1\nhost: [\"db*.example.org\", web_1]",
            "version: 1\naccepted: []",
            "version: 1\naccepted: [{finding: shared-port, port: 5353/udp, why: a, until: 2027-06-30}]",
            "version: 1\naccepted: [{finding: foreign-override, table: \"inet f2b-*\", chain: x, owner: b, ticket: 3}]",
            "version: 1\ntests: [{from: any, except: 10.0.0.0/8, to: [22, 53/udp], expect: deny}]",
            "version: 1\ntests: [{from: any, protocol: [esp, 112], expect: deny}]",
            "version: 1\nservices: {vpn: {protocols: esp, from: any}}",
            "version: 1\nservices: {ssh: {ports: 22, from: any, except: [10.0.0.1, 192.0.2.0/24]}}",
            "version: 1\nservices: {ssh: {ports: 22, allow: [{from: any}]}}",
            "version: 1\nservices: {ssh: {ports: 22, from: nobody, connections: 5}}",
            "version: 1\nservices: {ssh: {ports: 22, allow: [{from: any, limit: {rate: 1/day, per: all}, connections: \"5\"}]}}",
            "version: 1\nservices: {ssh: {ports: 22, allow: {from: any, except: 10.0.0.1, interfaces: eth0, limit: 1/day, log: true, expires: 2099-01-01, why: a, owner: b, ticket: c}}}",
            "version: 1\noutbound: {}",
            "version: 1\noutbound: {dns: {ports: [53/udp, domain], protocols: esp, to: [any, 192.0.2.1], except: 10.0.0.1, interfaces: \"eth*\", user: [root, 42], limit: {rate: 1/day, burst: 3, per: all}, log: on, expires: 2099-01-01, process: named, unit: named.service, optional: true, why: a, owner: b, ticket: 4, reviewed: 2026-01-01}}",
            "version: 1\ntests: [{out: 53/udp, to: any, except: 10.0.0.1, user: 42, interface: eth0, protocol: esp, expect: allow}]",
            "version: 1\ntrusted: {}",
            "version: 1\ntrusted: {lan: {interfaces: [cni0, wg*]}, vpn: {from: 10.0.0.1, except: 10.0.0.2, log: false, expires: 2099-01-01, why: a, owner: b, ticket: 4}}",
            "version: 1\ntests: [{from: any, to: 22, interface: eth0, expect: deny}]",
            "version: 1\nservices: {vpn: {ports: 500/udp, protocols: [esp, 47, \"254\"], from: any}}",
        ] + goodDefaults.map { "version: 1\ndefaults: {\($0)}" } + goodKeys.map(service) + goodPorts.map(ports)
        + goodSources.map(sources)

    /// Policies that both reject.
    static let bad =
        [
            "", "[]", "text", "services: {}", "version: 2", "version: one", "version: 1\nversion: 1",
            "version: 1\nservice: {}", "version: 1\nservices:", "version: 1\nservices: []",
            "version: 1\nservices: {SSH: {ports: 22, from: any}}",
            "version: 1\nservices: {1st: {ports: 22, from: any}}",
            "version: 1\nservices: {a_b: {ports: 22, from: any}}",
            "version: 1\nservices: {a23456789012345678901234567890123: {ports: 22, from: any}}",
            "version: 1\nservices: {ssh: {ports: 22, from: any, connections: 0}}",
            "version: 1\nservices: {ssh: {ports: 22, from: any, limit: {rate: 1/day, per: host}}}",
            "version: 1\nservices: {ssh: {ports: 22, allow: []}}",
            "version: 1\nservices: {ssh: {ports: 22, allow: any}}",
            "version: 1\nservices: {ssh: {ports: 22, allow: [{limit: 1/day}]}}",
            "version: 1\nservices: {ssh: {ports: 22, allow: [{from: any}], from: any}}",
            "version: 1\nservices: {ssh: {ports: 22, allow: [{from: any}], log: true}}",
            "version: 1\nservices: {ssh: {ports: 22, allow: [{from: any, user: root}]}}",
            "version: 1\ntrusted: []",
            "version: 1\ntrusted: {lan: {why: x}}",
            "version: 1\ntrusted: {lan: {from: any}}",
            "version: 1\ntrusted: {lan: {interfaces: eth0, limit: 1/day}}",
            "version: 1\ntrusted: {LAN: {interfaces: eth0}}",
            "version: 1\ntests: [{from: any, to: 22, interface: [eth0], expect: deny}]",
            "version: 1\nservices: {vpn: {protocols: [], from: any}}",
            "version: 1\nservices: {vpn: {protocols: tcp, from: any}}",
            "version: 1\nservices: {vpn: {protocols: [50, 58], from: any}}",
            "version: 1\nservices: {vpn: {protocols: \"0\", from: any}}",
            "version: 1\nservices: {vpn: {protocols: 256, from: any}}",
            "version: 1\nservices: {ssh: {from: any}}", "version: 1\nservices: {ssh: {ports: 22}}",
            "version: 1\nservices: {ssh: 22}", "version: 1\nsources: {any: 10.0.0.1}",
            "version: 1\nsources: {10.0.0.1: 10.0.0.1}", "version: 1\nsources: {\"fe80::\": 10.0.0.1}",
            "version: 1\nsources: {a: []}", "version: 1\nsources: {a: }", "version: 1\nsources: {a: {list: x}}",
            "version: 1\nsources: {a b: 10.0.0.1}", "version: 1\nsources: {a: {}}", "version: 1\ndeny: any",
            "version: 1\ndeny: [any]", "version: 1\nnever-deny: any", "version: 1\ndeny: {file: x}",
            "version: 1\nsources: {a: {file: x, shrink: 50}}", "version: 1\nsources: {a: {file: x, shrink: 101%}}",
            "version: 1\nsources: {a: {file: x, at-least: -1}}", "version: 1\nsources: {a: {file: x, at-most: all}}",
            "version: 1\nsources: {a: {file: x, widest: 8}}", "version: 1\nsources: {a: {names: []}}",
            "version: 1\nsources: {a: {names: [x y]}}", "version: 1\nsources: {a: {names: [a.b, a.b]}}",
            "version: 1\nsources: {a: {names: [a.], keep: 1h}}", "version: 1\nsources: {a: {names: a.b, keep: 24}}",
            "version: 1\nsources: {a: {names: a.b, keep: 0h}}", "version: 1\nsources: {a: {names: a.b, at-most: 0}}",
            "version: 1\nsources: {a: {names: a.b, at-most: 4097}}", "version: 1\nsources: {a: {names: a.b, file: x}}",
            "version: 1\nsources: {a: {names: 192.0.2.1}}", "version: 1\nsources: {a: {names: [-a.b]}}",
            "version: 1\nsources: {a: {file: x, widest: {ipv6: /129}}}",
            "version: 1\ninclude: [x*, x*]",
            "version: 1\nhost: []", "version: 1\nhost: a b", "version: 1\nhost: {a: b}", "version: 1\naccepted: {}",
            "version: 1\naccepted: [shared-port]", "version: 1\naccepted: [{port: 22}]",
            "version: 1\naccepted: [{finding: ruleset-drift}]", "version: 1\naccepted: [{finding: a, port: 0}]",
            "version: 1\naccepted: [{finding: a, table: \"*\"}]", "version: 1\naccepted: [{finding: a, tables: b}]",
            "version: 1\naccepted: [{finding: a, until: tomorrow}]",
            "version: 1\noutbound: {dns: {ports: 53/udp}}", "version: 1\noutbound: {dns: {to: any}}",
            "version: 1\noutbound: {dns: {ports: 53/udp, to: any, from: any}}",
            "version: 1\noutbound: {dns: {ports: 53/udp, to: any, connections: 3}}",
            "version: 1\noutbound: {DNS: {ports: 53/udp, to: any}}",
            "version: 1\noutbound: {dns: {ports: 53/udp, to: []}}",
            "version: 1\noutbound: {dns: {ports: 53/udp, to: any, limit: {rate: 1/day, per: source}}}",
            "version: 1\noutbound: [dns]",
            "version: 1\ntests: [{out: 53/udp, expect: allow}]",
            "version: 1\ntests: [{out: 53/udp, to: any, from: any, expect: allow}]",
            "version: 1\ntests: [{out: 53/udp, to: 22/tcp, expect: allow}]",
            "version: 1\ntests: [{from: any, to: 22, user: root, expect: deny}]",
            "version: 1\ntests: {}", "version: 1\ntests: [{from: any, to: 22}]",
            "version: 1\ntests: [{from: any, to: 22, expect: accept}]",
            "version: 1\ntests: [{from: any, to: 22, expect: deny, port: 1}]",
        ] + badDefaults.map { "version: 1\ndefaults: {\($0)}" } + badKeys.map(service) + badPorts.map(ports)
        + badSources.map(sources)

    /// Policies that only the schema accepts.
    static let beyondSchemas =
        [
            "version: 1\nsources: {a: b, b: a}", "version: 1\nsources: {a: {names: b.c}}\ndeny: a",
            "version: 1\nsources: {a: {file: nowhere.txt}}",
            "version: 1\nsources: {a: {file: nowhere.txt, at-least: 2, at-most: \"3\", shrink: 0%, widest: /8}}",
            "version: 1\nsources: {a: {file: nowhere.txt, widest: {ipv4: /32, ipv6: /128}}}",
            "version: 1\ninclude: [nowhere.yaml]",
            "version: 1\nsources: {a: {names: b.c}}\noutbound: {a: {ports: 1, to: any, except: a}}",
            "version: 1\noutbound: {a: {ports: 1, to: any, user: 4294967295}}",
            "version: 1\ndefaults: {require: owner}\noutbound: {a: {ports: 1, to: any}}",
            "version: 1\ndefaults: {outbound: reject}\ntests: [{out: 53/udp, to: 192.0.2.1, expect: allow}]",
            "version: 1\nservices: {a: {ports: 22, from: any}, b: {ports: 20-30, from: any}}",
            "version: 1\nservices: {a: {ports: [22, 22/tcp], from: any}}",
            "version: 1\nservices: {a: {protocols: [esp, 50], from: any}}",
            "version: 1\ntrusted: {a: {interfaces: eth0}}\nservices: {a: {ports: 22, from: any}}",
            "version: 1\nservices: {a: {protocols: no-such-protocol, from: any}}",
            "version: 1\ndefaults: {require: [why]}\nservices: {a: {ports: 22, from: any}}",
            "version: 1\ntests: [{from: 10.0.0.1, except: any, to: 22, expect: deny}]",
        ]
        + ["022", "30-20/tcp", "no-such-port"].map(ports)
        + ["no-such-group", "10.0.0.1/8", "10.0.0.9-10.0.0.1", "\"2001:db8::1/32\"", "\"1:2:3:4:5:6:7:8:9\""].map(
            sources)
        + ["expires: 2027-02-30", "limit: {rate: 1/day, burst: 4294967295}"].map(service)

    private static let goodDefaults = [
        "", "outbound: accept", "outbound: audit", "outbound: reject", "inbound: drop", "inbound: reject", "log: off",
        "log: 5/minute", "ping: accept", "ping: drop",
        "ping: 10/second", "published: enforce", "published: ignore", "require: []", "require: why",
        "require: [why, owner, ticket, expires]", "grant-limit: off", "grant-limit: 4h", "grant-limit: 1h30m",
        "grant-limit: 7d", "log: no", "log: false", "grant-limit: no",
    ]

    private static let badDefaults = [
        "outbound: drop", "inbound: accept", "inbound: [drop]", "log: on", "log: 0/minute", "log: 5/min", "log: 5",
        "ping: off",
        "ping: true", "published: true", "require: [reason]", "require: [why, why]", "forward: drop", "inbound:",
        "grant-limit: 4", "grant-limit: 0h", "grant-limit: \"\"", "grant-limit: never", "grant-limit: 1m1h",
    ]

    private static let goodKeys = [
        "interfaces: eth0", "interfaces: [eth0, \"wg*\"]", "interfaces: \"a2345678901234*\"", "limit: 10/minute",
        "limit: {rate: 10/minute}", "limit: {rate: 10/minute, burst: 20}", "limit: {rate: 1/day, burst: \"3\"}",
        "log: true", "log: false", "log: \"true\"", "log: yes", "log: off", "optional: true", "optional: on",
        "optional: no", "expires: 2099-12-31",
        "expires: 2027-01-31T18:00:00Z", "process: sshd", "process: [/usr/sbin/sshd, dropbear]", "unit: ssh.service",
        "unit: [ssh.service, ssh.socket]", "user: root", "user: 1000", "why: true", "why: 42", "why: \"a # b\"",
        "ticket: 4711", "owner: ops@example.org", "ticket: 1.5",
    ]

    private static let badKeys = [
        "interfaces: []", "interfaces: \"*\"", "interfaces: \"w*g\"", "interfaces: a234567890123456",
        "interfaces: a/b", "interfaces: \"a b\"", "interfaces: [eth0, eth0]", "interfaces:", "limit: 10",
        "limit: 0/minute", "limit: 10/fortnight", "limit: {burst: 3}", "limit: {rate: 10/minute, burst: 0}",
        "limit: {rate: 10/minute, bursts: 3}", "limit: [10/minute]", "limit: 010/minute", "log: 1",
        "log: 5/minute", "optional: maybe", "optional: []", "expires: 2027-13-01", "expires: 2027-1-1",
        "expires: tomorrow", "expires: 2027-01-31 18:00:00", "expires: 2027-01-31T18:00:00+01:00",
        "expires: 2027-01-31T25:00:00Z", "expires: 1969-12-31", "expires: 2262-01-01", "process: []",
        "process: bin/sshd", "process: [sshd, sshd]", "unit: {}", "user: [root, root]", "why:", "why: \"\"",
        "why: \" \"", "why: [a]", "why: \"a\\tb\"", "why: \"a\\nb\"", "owner: {}", "reason: x",
    ]

    private static let goodPorts = [
        "22", "22/tcp", "65535/udp", "8000-8100/tcp", "8000-8100", "[80, 443/tcp, 443/udp]", "5060/sctp", "1/dccp",
        "1/udplite", "\"22\"",
    ]

    private static let badPorts = [
        "0", "65536", "022/tcp", "70000/tcp", "-1", "22/icmp", "22/", "22/TCP", "tcp/22", "[]", "", "22.5", "{tcp: 22}",
        "[[22]]",
        "1-65536/tcp", "\"22, 80\"",
    ]

    private static let goodSources = [
        "any", "[any]", "192.0.2.1", "192.0.2.0/24", "0.0.0.0/0", "192.0.2.1-192.0.2.9", "\"::/0\"", "2001:db8::1",
        "2001:db8::/32", "2001:DB8::1-2001:db8::9", "\"64:ff9b::192.0.2.1\"", "[192.0.2.1, \"2001:db8::1\"]",
        "\"1:2:3:4:5:6:7:8\"",
    ]

    private static let badSources = [
        "[]", "", "10.1", "10", "010.0.0.1", "10.0.0.256", "10.0.0.1/33", "10.0.0.1/", "10.0.0.0/08", "1.2.3.4.5",
        "\"fe80::1%eth0\"", "\"::ffff:192.0.2.1\"", "\"::ffff:c000:201\"", "\"2001:db8::/129\"", "\"[2001:db8::1]\"",
        "{file: x}", "[[10.0.0.1]]", "\"10.0.0.1 \"", "10.0.0.1-2001:db8::1", "\"12345::\"", "\"\"", "a b",
        "10.0.0.0/8-10.0.0.9", "true-ish!",
    ]

    private static func service(_ line: String) -> String {
        "version: 1\nservices:\n  ssh:\n    ports: 22/tcp\n    from: any\n    \(line)\n"
    }

    private static func ports(_ text: String) -> String {
        "version: 1\nservices:\n  ssh:\n    ports: \(text)\n    from: any\n"
    }

    private static func sources(_ text: String) -> String {
        "version: 1\nservices:\n  ssh:\n    ports: 22/tcp\n    from: \(text)\n"
    }
}
