/// A policy with every feature, so that every kind of object can be tampered with.
let everything = """
    version: 1
    defaults: {inbound: reject, log: 5/minute, ping: 10/second}
    sources:
      office: [203.0.113.0/24, 192.0.2.1, 192.0.2.3, 192.0.2.5, 240.0.0.0/4, "2001:db8:aa::/48"]
      scanners: [198.51.100.1, 198.51.100.3, 198.51.100.5, 198.51.100.7]
    deny: scanners
    services:
      ssh:
        ports: 22
        from: office
        limit: 10/minute
        log: true
        why: Admin access
      web:
        ports: [443, 8000-8100]
        from: any
        why: Public site
      db:
        ports: 5432
        from: [10.0.0.0/8, 172.16.0.0/12]
        interfaces: ["eth*"]
        expires: 2099-12-31
        why: App database

    """

/// A change by another program: its name, and the script that makes it.
struct Tampering: CustomStringConvertible, Sendable {
    let description: String
    let script: String

    init(_ description: String, _ script: String) {
        self.description = description
        self.script = script
    }

    /// Deletes the rule of the chain that matches the pattern, by its handle.
    private static func deletion(_ chain: String, _ pattern: String) -> String {
        "nft delete rule inet portreeve \(chain) handle $(\(handle(chain, pattern)))"
    }

    private static func handle(_ chain: String, _ pattern: String) -> String {
        "nft -a list chain inet portreeve \(chain) | sed -n '/\(pattern)/s/.*# handle //p' | head -1"
    }

    /// Loads the table again with one text replaced.
    private static func reload(_ pattern: String, _ replacement: String) -> String {
        """
        before=$(nft list table inet portreeve)
        after=$(printf '%s\\n' "$before" | sed 's|\(pattern)|\(replacement)|')
        [ "$before" != "$after" ]
        nft delete table inet portreeve
        printf '%s\\n' "$after" | nft -f -
        """
    }

    /// Changes that open, close or undo something: each must be found.
    static let harmful: [Tampering] = [
        Tampering("a rule inserted", "nft insert rule inet portreeve input tcp dport 31337 accept"),
        Tampering("a rule appended", "nft add rule inet portreeve input accept"),
        Tampering("a rule in a service", "nft insert rule inet portreeve service-db ip saddr 1.2.3.4 accept"),
        Tampering(
            "a rule that is not modelled", "nft insert rule inet portreeve input fib saddr type local accept"),
        Tampering("a rule doubled", "nft insert rule inet portreeve service-web meta nfproto ipv4 counter accept"),
        Tampering("the denial deleted", deletion("input", "deny-ipv4")),
        Tampering("the refusal deleted", deletion("service-web", "goto refuse")),
        Tampering("the loopback deleted", deletion("input", "iif")),
        Tampering("the state deleted", deletion("input", "ct state")),
        Tampering("the log deleted", deletion("admit-ssh", "log prefix")),
        Tampering("the expiry deleted", deletion("service-db", "meta time")),
        Tampering(
            "two rules swapped",
            deletion("input", "deny-ipv4") + "\nnft add rule inet portreeve input ip saddr @deny-ipv4 counter drop"),
        Tampering(
            "a rule replaced",
            "nft replace rule inet portreeve service-web handle $(\(handle("service-web", "nfproto ipv4"))) accept"),
        Tampering("an expiry moved", reload("meta time >= \"2100", "meta time >= \"2101")),
        Tampering("a source widened", reload("ip saddr 10.0.0.0/8", "ip saddr 10.0.0.0/7")),
        Tampering("a condition taken out", reload("ip saddr 10.0.0.0/8 counter", "counter")),
        Tampering("a condition added", reload("ip saddr 10.0.0.0/8", "ip saddr 10.0.0.0/8 ip ttl 64")),
        Tampering("a verdict changed", reload("accept comment \"App database\"", "drop comment \"App database\"")),
        Tampering(
            "a counter taken out", reload("counter packets 0 bytes 0 accept comment \"App", "accept comment \"App")),
        Tampering(
            "a quota for a counter",
            reload("counter packets 0 bytes 0 accept comment \"App", "quota 9 mbytes accept comment \"App")),
        Tampering(
            "a rule moved down its chain",
            """
            place=$(\(handle("sources-db", "172.16")))
            \(deletion("sources-db", "10.0.0.0"))
            nft add rule inet portreeve sources-db position $place \
                ip saddr 10.0.0.0/8 counter accept comment '"App database"'
            """),
        Tampering("an interface widened", reload("iifname \"eth\\*\"", "iifname \"e*\"")),
        Tampering("a limit loosened", reload("rate over 10.minute", "rate over 100/minute")),
        Tampering("an answer changed", reload("icmpx admin-prohibited", "icmpx host-unreachable")),
        Tampering("the anonymous map changed", reload("invalid : drop", "invalid : accept")),
        Tampering("the policy changed", "nft 'chain inet portreeve input { policy accept; }'"),
        Tampering("the policy of the other chain changed", "nft 'chain inet portreeve published { policy drop; }'"),
        Tampering("the priority changed", reload("hook input priority filter;", "hook input priority 10;")),
        Tampering("the hook changed", reload("hook forward", "hook output")),
        Tampering("an element added", "nft add element inet portreeve group-office-ipv4 { 1.2.3.4 }"),
        Tampering("an element deleted", "nft delete element inet portreeve deny-ipv4 { 198.51.100.3 }"),
        Tampering(
            "an element widened",
            """
            nft delete element inet portreeve group-office-ipv4 { 203.0.113.0/24 }
            nft add element inet portreeve group-office-ipv4 { 203.0.112.0/23 }
            """),
        Tampering("elements flushed", "nft flush set inet portreeve deny-ipv4"),
        Tampering("a port opened", "nft add element inet portreeve services { tcp . 23 : accept }"),
        Tampering("a port closed", "nft delete element inet portreeve services { tcp . 443 }"),
        Tampering(
            "a port led elsewhere",
            """
            nft delete element inet portreeve services { tcp . 5432 }
            nft add element inet portreeve services { tcp . 5432 : goto service-web }
            """),
        Tampering(
            "a range widened",
            """
            nft delete element inet portreeve ranges-tcp { 8000-8100 }
            nft add element inet portreeve ranges-tcp { 8000-8200 : goto service-web }
            """),
        Tampering("a published port opened", "nft add element inet portreeve published-tcp { 23 : accept }"),
        Tampering("a flag added", reload("flags interval", "flags interval,timeout")),
        Tampering("a size changed", reload("size 65535", "size 1")),
        Tampering("a timeout changed", reload("timeout 30s", "timeout 1s")),
        Tampering("a chain added", "nft add chain inet portreeve extra"),
        Tampering(
            "a base chain added",
            "nft 'add chain inet portreeve early { type filter hook prerouting priority -500; policy drop; }'"),
        Tampering("a set added", "nft 'add set inet portreeve extra { type ipv4_addr; }'"),
        Tampering("a map added", "nft 'add map inet portreeve extra { type inet_service : verdict; }'"),
        Tampering("a counter object added", "nft 'add counter inet portreeve extra'"),
        Tampering("the table put to sleep", "nft 'add table inet portreeve { flags dormant; }'"),
        Tampering("the chain emptied", "nft flush chain inet portreeve input"),
        Tampering("the table emptied", "nft flush table inet portreeve"),
        Tampering("the table deleted", "nft delete table inet portreeve"),
        Tampering("everything deleted", "nft flush ruleset"),
    ]

    /// Changes without an effect on packets: none may be reported.
    static let harmless: [Tampering] = [
        Tampering("nothing", "true"),
        Tampering("counters reset", "nft reset counters table inet portreeve; nft list ruleset > /dev/null"),
        Tampering("the listing loaded again", reload("counter packets 0", "counter packets 5")),
        Tampering(
            "a source remembered",
            "nft add element inet portreeve limit-ssh-ipv4 { 203.0.113.9 limit rate over 10/minute }"),
        Tampering(
            "another table",
            "nft 'table inet other { chain input { type filter hook input priority 5; accept; }; }; table ip portreeve { }'"
        ),
        Tampering("another comment", reload("comment \"Public site\"", "comment \"public\"")),
    ]
}
