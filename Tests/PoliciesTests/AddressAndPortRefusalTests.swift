import Policies
import Testing

/// The errors of invalid addresses, ports and protocols as whole diagnostics, each with its caret at the mark in the input.
@Suite struct AddressAndPortRefusalTests {
    @Test(arguments: [
        ("10.0.0.1/8", "has host bits set below its prefix; did you mean \"10.0.0.0/8\"?"),
        (
            "010.0.0.1",
            "has a number with a leading zero, which some programs read as octal; did you mean \"10.0.0.1\"?"
        ),
        ("10.1", "has 2 numbers, but an IPv4 address has four"),
        ("10.1/16", "has 2 numbers, but an IPv4 address has four; did you mean \"10.1.0.0/16\"?"),
        (
            "fe80::1%eth0",
            "has a zone; to open a service on one interface, use \"interfaces\"; did you mean \"fe80::1\"?"
        ),
        ("10.0.0.9-10.0.0.1", "is a reversed range: it ends before it starts; did you mean \"10.0.0.1-10.0.0.9\"?"),
        ("10.0.0.1-2001:db8::1", "is a range with one end in IPv4 and the other in IPv6"),
        ("10.0.0.0/33", "has a prefix length above 32"), ("2001:db8::/129", "has a prefix length above 128"),
        (
            "10.0.0.1:22",
            "has a colon after an IPv4 address; write the address without a port; did you mean \"10.0.0.1\"?"
        ),
        ("300.0.0.1", "has a number above 255"), ("2001:db8:::1", "has \"::\" more than once"),
    ])
    func refusesAddresses(text: String, predicate: String) throws {
        let message = "\"\(text)\" \(predicate)"
        try expectErrors("version: 1\nservices:\n  ssh:\n    ports: 22\n    from: ⟨\(text)⟩\n", [message])
        try expectErrors("version: 1\nservices: {}\ndeny:\n  - ⟨\(text)⟩\n", [message])
        try expectErrors("version: 1\nservices: {}\nsources:\n  office: [192.0.2.1, ⟨\(text)⟩]\n", [message])
    }

    @Test("What other programs call any", arguments: ["ANY", "Any", "all", "*"])
    func any(word: String) throws {
        let message = word == "*" ? "\"*\" is neither an address nor a group name" : "unknown group \"\(word)\""
        try expectErrors(
            "version: 1\nservices:\n  ssh:\n    ports: 22\n    from: ⟨\"\(word)\"⟩\n",
            ["\(message); did you mean \"any\"?"])
    }

    @Test func refusesMappedAddresses() throws {
        try expectErrors(
            "version: 1\nservices: {}\ndeny: ⟨\"::ffff:192.0.2.1\"⟩\n",
            [
                "\"::ffff:192.0.2.1\" is an IPv4-mapped IPv6 address, which never is the source of a packet; did you mean \"192.0.2.1\"?"
            ])
    }

    @Test(arguments: [
        ("0", "\"0\" has port 0, which is reserved"),
        ("0-10/udp", "\"0-10/udp\" has port 0, which is reserved"),
        ("65536/tcp", "\"65536/tcp\" has a port above 65535"),
        ("99999999999999999999999", "\"99999999999999999999999\" has a port above 65535"),
        ("22/tpc", "unknown protocol \"tpc\"; did you mean \"22/tcp\"?"),
        ("22/icmp", "unknown protocol \"icmp\"; write tcp, udp, dccp, sctp or udplite"),
        ("22tcp", "unknown port \"22tcp\"; did you mean \"22/tcp\"?"),
        ("22/TCP", "unknown protocol \"TCP\"; did you mean \"22/tcp\"?"),
        ("tcp/22", "\"tcp/22\" has the protocol before the port; did you mean \"22/tcp\"?"),
        ("TCP 8000-8100", "\"TCP 8000-8100\" has the protocol before the port; did you mean \"8000-8100/tcp\"?"),
        ("22 tcp", "\"22 tcp\" is not a port and a protocol; did you mean \"22/tcp\"?"),
        ("22/tcp/udp", "\"22/tcp/udp\" is several ports: write a list; did you mean \"[22/tcp, 22/udp]\"?"),
        ("022", "\"022\" has a leading zero; did you mean \"22\"?"),
        ("90-80/udp", "\"90-80/udp\" is a reversed range: it ends before it starts; did you mean \"80-90/udp\"?"),
        (
            "8000:8100/tcp",
            "\"8000:8100/tcp\" is not a port such as 22/tcp or 8000-8100/tcp; did you mean \"8000-8100/tcp\"?"
        ),
        ("-22", "unknown port \"-22\""), ("domian", "unknown port \"domian\"; did you mean \"domain\"?"),
    ])
    func refusesPorts(text: String, message: String) throws {
        try expectErrors("version: 1\nservices:\n  ssh:\n    from: any\n    ports: ⟨\(text)⟩\n", [message])
        try expectErrors(
            "version: 1\nservices: {}\ntests:\n  - {from: any, expect: deny, to: [ssh, ⟨\(text)⟩]}\n", [message])
    }

    @Test(arguments: [
        ("esq", "unknown protocol \"esq\"; did you mean \"esp\"?"),
        ("esp/tcp", "unknown protocol \"esp/tcp\"; list ports under \"ports\""),
        ("tcp", "\"tcp\" is a protocol with ports; list them under \"ports\", such as 22/tcp"),
        ("17", "\"17\" is a protocol with ports; list them under \"ports\", such as 22/udp"),
        (
            "icmp",
            "\"icmp\" needs no line: what IP needs is always accepted, and \"ping\" controls echo requests"
        ),
        ("2", "\"2\" needs no line: what the link needs is always accepted"),
        ("ipv6-route", "\"ipv6-route\" is an extension header of IPv6, not a protocol that a packet is matched by"),
        ("0", "\"0\" is an extension header of IPv6, not a protocol that a packet is matched by"),
        ("255", "\"255\" is reserved, and no packet has it"), ("256", "\"256\" is a protocol above 255"),
        ("050", "\"050\" has a leading zero; did you mean \"50\"?"),
    ])
    func refusesProtocols(text: String, message: String) throws {
        try expectErrors("version: 1\nservices:\n  vpn:\n    from: any\n    protocols: [ah, ⟨\(text)⟩]\n", [message])
        try expectErrors(
            "version: 1\nservices: {}\ntests:\n  - {from: any, expect: deny, protocol: ⟨\(text)⟩}\n", [message])
    }

    @Test(arguments: [("esp", "esp"), ("22/vrrp", "vrrp"), ("IPSEC-AH", "IPSEC-AH")])
    func saysWhereProtocolsWithoutPortsBelong(text: String, name: String) throws {
        try expectErrors(
            "version: 1\nservices:\n  vpn:\n    from: any\n    ports: [500/udp, ⟨\(text)⟩]\n",
            ["\"\(name)\" has no ports; list it under \"protocols\""])
    }

    @Test func refusesAProtocolOfTwoServices() throws {
        try expectErrors(
            "version: 1\nservices:\n  a: {protocols: [esp, ah], from: any}\n  b: {ports: 500/udp, protocols: ⟨50⟩, from: any}",
            ["esp already belongs to service \"a\" at policy.yaml:3:19"])
    }

    @Test func refusesProtocolNamesWithoutADatabase() throws {
        try expectErrors(
            "version: 1\nservices:\n  a: {protocols: [50, ⟨esp⟩], from: any}",
            ["cannot look up protocol \"esp\": protocols is a directory; use its number"],
            with: ["protocols/x": ""], databases: ["services"])
    }

    @Test func namedPortsNeedTheDatabase() throws {
        let folder = try PolicyFolder()
        try folder.write("version: 1\nservices:\n  a: {ports: [22, ⟨ssh⟩], from: any}\n", to: "policy.yaml")
        let message = "cannot look up port \"ssh\": services cannot be read: no such file or directory; use its number"
        #expect(
            folder.rendered(folder.read()) == [
                try folder.expected(message, severity: .error, in: "policy.yaml", mark: 0)
            ])
        try expectErrors(
            "version: 1\nservices:\n  a: {ports: ⟨ntp⟩, from: any}\n",
            ["\"ntp\" has no tcp port in services, only ntp/udp; did you mean \"ntp/udp\"?"])
    }
}
