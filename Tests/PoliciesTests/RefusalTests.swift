import Policies
import Testing

/// The errors of invalid services and sections as whole diagnostics, each with its caret at the mark in the input.
@Suite struct RefusalTests {
    @Test("Several entries in one value are shown as the list that was meant")
    func listsWithoutBrackets() throws {
        func policy(_ ports: String, _ from: String) -> String {
            "version: 1\nsources: {a: 10.0.0.0/8, b: 192.0.2.0/24}\nservices:\n  web:\n    ports: \(ports)\n    from: \(from)\n"
        }
        for text in ["80, 443", "80 443", "ssh,443/udp"] {
            let list = text.replacing(", ", with: ",").replacing(" ", with: ",").replacing(",", with: ", ")
            let message = "\"\(text)\" is several ports: write a list; did you mean \"[\(list)]\"?"
            try expectErrors(policy("⟨\(text)⟩", "any"), [message])
        }
        for text in ["a b", "a, 192.0.2.0/24", "10.0.0.1 10.0.0.2"] {
            let list = text.replacing(", ", with: " ").replacing(" ", with: ", ")
            let message = "\"\(text)\" is several entries: write a list; did you mean \"[\(list)]\"?"
            try expectErrors(policy("80", "⟨\(text)⟩"), [message])
        }
        try expectErrors(policy("80", "⟨a b !⟩"), ["\"a b !\" is neither an address nor a group name"])
    }

    @Test("An invalid name hides no other error of its service")
    func errorsBesideName() throws {
        let form = "use a lower-case letter, then up to 30 lower-case letters, digits and -"
        try expectErrors(
            "version: 1\nservices:\n  ⟨Web⟩:\n    ports: ⟨99999⟩\n    from: ⟨nowhere⟩\n",
            [
                "\"Web\" is not a service name; \(form)", "\"99999\" has a port above 65535",
                "unknown group \"nowhere\"; define it under \"sources\"",
            ])
    }

    @Test func refusesAllowBesideConditionsOfTheService() throws {
        try expectErrors(
            "version: 1\nservices:\n  ssh:\n    ports: 22\n    ⟨from⟩: any\n    ⟨limit⟩: 1/day\n    allow: [{from: any}]\n",
            [
                "service \"ssh\" has \"allow\" and \"from\"; move \"from\" into its entries",
                "service \"ssh\" has \"allow\" and \"limit\"; move \"limit\" into its entries",
            ])
    }

    @Test(arguments: [
        ("⟨[⟩]", "\"allow\" is empty"), ("⟨any⟩", "an entry of \"allow\" must be a mapping, not a single value"),
        ("[⟨{⟩limit: 1/day}]", "an entry of \"allow\" lacks \"from\""),
        ("[{from: any, ⟨form⟩: any}]", "unknown key \"form\" in an entry of \"allow\"; did you mean \"from\"?"),
        ("[{from: any, ⟨process⟩: sshd}]", "unknown key \"process\" in an entry of \"allow\""),
        ("[{from: any, limit: ⟨0/day⟩}]", "\"0/day\" is a rate of zero; the lowest is 1"),
        ("[{from: any, except: ⟨nowhere⟩}]", "unknown group \"nowhere\"; define it under \"sources\""),
    ])
    func refusesEntries(text: String, message: String) throws {
        try expectErrors("version: 1\nservices:\n  ssh:\n    ports: 22\n    allow: \(text)\n", [message])
    }

    @Test func demandsKeysOfEveryEntry() throws {
        let text = "version: 1\ndefaults: {require: [owner]}\nservices:\n"
        try expectErrors(
            text + "  ⟨a⟩: {ports: 1, allow: [{from: any, owner: x}, {from: any}]}\n",
            ["service \"a\" lacks \"owner\", which \"defaults.require\" demands"])
        let folder = try PolicyFolder(["policy.yaml": text + "  a: {ports: 1, allow: [{from: any, owner: x}]}\n"])
        #expect(folder.read().policy != nil)
    }

    @Test(arguments: [
        ("⟨lan⟩: {why: x}", "\"trusted\" \"lan\" needs \"interfaces\", or a \"from\" that is not any"),
        ("lan: {⟨from⟩: any}", "\"trusted\" \"lan\" needs \"interfaces\", or a \"from\" that is not any"),
        (
            "⟨Lan⟩: {interfaces: eth0}",
            "\"Lan\" is not a name for \"trusted\"; use a lower-case letter, then up to 30 lower-case letters, digits and -"
        ),
        ("lan: {interfaces: eth0, ⟨limit⟩: 1/day}", "unknown key \"limit\" in \"trusted\" \"lan\""),
        ("lan: {interfaces: ⟨\"*\"⟩}", "\"*\" means every interface; omit \"interfaces\" to open the service on all"),
    ])
    func refusesTrusted(text: String, message: String) throws {
        try expectErrors("version: 1\nservices: {}\ntrusted:\n  \(text)\n", [message])
    }

    @Test func refusesOneNameForTwoThings() throws {
        try expectErrors(
            "version: 1\ntrusted:\n  lan: {interfaces: eth0}\nservices:\n  ⟨lan⟩: {ports: 22, from: any}\n",
            ["\"lan\" is already an entry of \"trusted\" at policy.yaml:3:3"])
    }

    @Test func refusesOverlaps() throws {
        let folder = try PolicyFolder()
        try folder.write(
            """
            version: 1
            services:
              web:
                ports: [8000-8100, 80/udp]
                from: any
              proxy:
                ports:
                  - 8080/udp
                  - ⟨8080⟩
                from: any
              dns: {ports: [53/udp, ⟨53/udp⟩], from: any}
            """, to: "policy.yaml")
        let place = "policy.yaml"
        #expect(
            folder.rendered(folder.read()) == [
                try folder.expected(
                    "8080/tcp overlaps 8000-8100/tcp of service \"web\" at \(place):4:13", severity: .error, in: place,
                    mark: 0),
                try folder.expected(
                    "53/udp already belongs to the same service at \(place):11:17", severity: .error, in: place, mark: 1
                ),
            ])
    }

    @Test(arguments: [
        ("⟨to⟩: 192.0.2.1", "unknown key \"to\" in service \"ssh\"; did you mean \"addresses\"?"),
        ("⟨comment⟩: ssh", "unknown key \"comment\" in service \"ssh\"; did you mean \"why\"?"),
        ("⟨form⟩: ssh", "unknown key \"form\" in service \"ssh\"; did you mean \"from\"?"),
        ("⟨why⟩: again", "duplicate key \"why\", first at policy.yaml:6:5"),
        ("log: ⟨Yes⟩", "\"log\" must be true or false, not \"Yes\"; did you mean \"true\"?"),
        ("optional: ⟨OFF⟩", "\"optional\" must be true or false, not \"OFF\"; did you mean \"false\"?"),
        ("optional: ⟨True⟩", "\"optional\" must be true or false, not \"True\"; did you mean \"true\"?"),
        ("limit: ⟨0/minute⟩", "\"0/minute\" is a rate of zero; the lowest is 1"),
        (
            "limit: ⟨10/min⟩",
            "unknown unit \"min\"; use second, minute, hour or day; did you mean \"10/minute\"?"
        ),
        ("limit: ⟨10⟩", "\"10\" lacks a unit: write 10/second, 10/minute, 10/hour or 10/day"),
        ("limit: {⟨rat⟩: 10/minute}", "unknown key \"rat\" in \"limit\"; did you mean \"rate\"?"),
        ("limit: ⟨4294967296/day⟩", "\"4294967296/day\" is a rate above 4294967295"),
        ("limit: ⟨-1/day⟩", "\"-1/day\" is not a rate such as 10/minute"),
        ("limit: {rate: 1/day, per: ⟨host⟩}", "\"per\" must be source or all, not \"host\""),
        ("connections: ⟨0⟩", "\"connections\" must be a number from 1 to 4294967295, not \"0\""),
        ("connections: ⟨many⟩", "\"connections\" must be a number from 1 to 4294967295, not \"many\""),
        ("except: ⟨nobody⟩", "unknown group \"nobody\" (it is valid only by itself, as in \"from: nobody\")"),
        ("limit: ⟨{⟩burst: 5}", "\"limit\" lacks \"rate\""),
        ("limit: {rate: 1/second, burst: ⟨0⟩}", "\"burst\" must be a positive number, not \"0\""),
        ("limit: {rate: 1/day, burst: ⟨200000⟩}", "\"burst\" is above 106751, the kernel's limit for 1/day"),
        ("expires: ⟨2027-02-29⟩", "\"2027-02-29\" is a date that does not exist"),
        ("expires: ⟨2100-02-29⟩", "\"2100-02-29\" is a date that does not exist"),
        ("expires: ⟨2027-13-01⟩", "\"2027-13-01\" is a date that does not exist"),
        ("expires: ⟨2027-01-00⟩", "\"2027-01-00\" is a date that does not exist"),
        ("expires: ⟨2027-01-31T24:00:00Z⟩", "\"2027-01-31T24:00:00Z\" is a time that does not exist"),
        ("expires: ⟨2027-01-31T18:00:00⟩", "\"2027-01-31T18:00:00\" is not a time in UTC such as 2027-01-31T18:00:00Z"),
        (
            "expires: ⟨31.1.2027⟩",
            "\"31.1.2027\" is not a date such as 2027-01-31 or a time such as 2027-01-31T18:00:00Z"
        ),
        (
            "expires: ⟨9999-12-31⟩",
            "\"9999-12-31\" is not between 1970 and 2261; omit \"expires\" if the service is to stay open"
        ),
        ("interfaces: ⟨\"*\"⟩", "\"*\" means every interface; omit \"interfaces\" to open the service on all"),
        ("interfaces: [eth0, ⟨a/b⟩]", "\"a/b\" has \"/\", which is not valid in an interface name"),
        ("interfaces: ⟨a*b⟩", "\"a*b\" has a * that is not its last character"),
        (
            "interfaces: ⟨sixteen-bytes-xx⟩",
            "\"sixteen-bytes-xx\" is longer than 15 bytes, the limit of an interface name"
        ),
        ("interfaces: ⟨[⟩]", "\"interfaces\" is empty"),
        ("process: ⟨sbin/sshd⟩", "\"sbin/sshd\" is neither the name of a process nor an absolute path"),
        ("user: ⟨\"\"⟩", "\"user\" is empty"), ("unit: [a.service, ⟨a.service⟩]", "\"a.service\" is listed twice"),
        ("owner: ⟨\"a\\nb\"⟩", "\"owner\" must be one line without tabs"),
        ("ticket: ⟨[⟩a]", "\"ticket\" must be a single value, not a list"),
        ("owner: ⟨\"a\\eb\"⟩", "\"a\u{FFFD}b\" has a control character"),
        ("owner: ⟨*a⟩", "unsupported alias \"*a\"; text that starts with * needs quotes"),
        ("owner: ⟨&a⟩ x", "unsupported anchor \"&a\"; text that starts with & needs quotes"),
        ("owner: ⟨!!int⟩ 1", "unsupported tag \"!!int\"; values are read as text"),
    ])
    func refusesServiceKeys(line: String, message: String) throws {
        // libyaml marks an anchor or a tag, not the value after it.
        let folder = try PolicyFolder(["services": servicesDatabase])
        try folder.write(service(line), to: "policy.yaml")
        let reading = folder.read()
        #expect(reading.policy == nil)
        let actual = try #require(folder.rendered(reading).first)
        let expected = try folder.expected(message, severity: .error, in: "policy.yaml", mark: 0)
        if line.contains("⟨&") || line.contains("⟨!") {
            #expect(actual.hasPrefix(expected), "\(actual)")
        } else {
            #expect(actual == expected, "\(actual)")
        }
    }

    @Test func refusesAServiceWithoutItsMandatoryKeys() throws {
        try expectErrors("version: 1\nservices:\n  ⟨ssh⟩: {from: any}\n", ["service \"ssh\" lacks \"ports\""])
        try expectErrors("version: 1\nservices:\n  ⟨ssh⟩: {ports: 22}\n", ["service \"ssh\" lacks \"from\""])
        try expectErrors(
            "version: 1\nservices:\n  ssh: {ports: 22, from: ⟨[⟩]}\n",
            ["\"from\" is empty; list addresses or groups, or write \"any\""])
        try expectErrors("version: 1\nservices:\n  ssh: {ports: ⟨[⟩], from: any}\n", ["\"ports\" is empty"])
        let form = "a lower-case letter, then up to 30 lower-case letters, digits and -"
        try expectErrors(
            "version: 1\nservices:\n  ⟨Ssh⟩: {ports: 22, from: any}\n", ["\"Ssh\" is not a service name; use \(form)"])
        try expectErrors(
            "version: 1\ndefaults: {require: [owner]}\nservices:\n  ⟨ssh⟩: {ports: 22, from: any}\n",
            ["service \"ssh\" lacks \"owner\", which \"defaults.require\" demands"])
    }

    @Test(arguments: [
        ("inbound: ⟨dorp⟩", "\"inbound\" must be drop or reject, not \"dorp\"; did you mean \"drop\"?"),
        ("published: ⟨maybe⟩", "\"published\" must be enforce or ignore, not \"maybe\""),
        ("ping: ⟨acept⟩", "\"ping\" must be accept, drop or a rate, not \"acept\"; did you mean \"accept\"?"),
        ("ping: ⟨0/second⟩", "\"0/second\" is a rate of zero; the lowest is 1"),
        (
            "log: ⟨yes⟩",
            "\"log\" under \"defaults\" must be off, or the most lines in a time such as 10/minute, not \"yes\""
        ),
        ("log: ⟨never⟩", "\"never\" is not a rate such as 10/minute"),
        ("log: ⟨{⟩to: kernel}", "\"log\" lacks \"rate\""),
        (
            "log: {rate: 5/minute, to: ⟨netlnk⟩}",
            "\"to\" must be kernel or netlink, not \"netlnk\"; did you mean \"netlink\"?"
        ),
        ("log: ⟨{⟩rate: 5/minute, to: netlink}", "\"to: netlink\" needs \"group\", a number from 0 to 65535"),
        ("log: {rate: 5/minute, group: ⟨5⟩}", "\"group\" needs \"to: netlink\""),
        (
            "log: {rate: 5/minute, to: netlink, group: ⟨65536⟩}",
            "\"group\" must be a number from 0 to 65535, not \"65536\""
        ),
        ("log: {rate: ⟨5⟩, to: kernel}", "\"5\" lacks a unit: write 5/second, 5/minute, 5/hour or 5/day"),
        ("require: [⟨ownr⟩]", "\"ownr\" in \"require\" is not a key of a service; did you mean \"owner\"?"),
        (
            "grant-limit: ⟨4⟩",
            "\"grant-limit\" must be a time such as 30m, 4h or 1d, or off, not \"4\"; did you mean \"4h\"?"
        ),
        ("grant-limit: ⟨0h⟩", "\"grant-limit\" must be a time such as 30m, 4h or 1d, or off, not \"0h\""),
        ("⟨inbund⟩: drop", "unknown key \"inbund\" in \"defaults\"; did you mean \"inbound\"?"),
    ])
    func refusesDefaults(line: String, message: String) throws {
        try expectErrors("version: 1\nservices: {}\ndefaults:\n  \(line)\n", [message])
    }

    @Test("A group with a name of another form is one error, however often it is used")
    func refusesMisnamedGroup() throws {
        let policy = """
            version: 1
            sources: {⟨büro⟩: [10.0.0.1], all: [büro, 192.0.2.1]}
            deny: [büro]
            services:
              a: {ports: 1, from: büro}
              b: {ports: 2, from: [all, büro]}
            tests: [{from: büro, to: 1, expect: deny}]

            """
        let form = "a letter or _, then up to 62 letters, digits, _, . and -"
        try expectErrors(policy, ["\"büro\" is not a group name; use \(form)"])
    }

    @Test(arguments: [
        ("⟨10.0.0.1⟩: any", "a group cannot be named \"10.0.0.1\", which looks like an address"),
        ("⟨any⟩: 10.0.0.1", "a group cannot be named \"any\", which means every address"),
        ("⟨a⟩: []", "group \"a\" is empty"), ("⟨a⟩:", "group \"a\" is empty"),
        ("⟨a b⟩: any", "\"a b\" is not a group name; use a letter or _, then up to 62 letters, digits, _, . and -"),
        ("a: ⟨a⟩", "groups include each other in a cycle: a -> a"),
        ("a: b\n  b: [10.0.0.1, c]\n  c: ⟨a⟩", "groups include each other in a cycle: a -> b -> c -> a"),
        ("office: any\n  a: ⟨ofice⟩", "unknown group \"ofice\"; did you mean \"office\"?"),
        (
            "a: ⟨www.example.org⟩",
            "unknown group \"www.example.org\" (a DNS name is written as {names: [www.example.org]} in a group)"
        ),
        ("a: ⟨\"x y\"⟩", "\"x y\" is several entries: write a list; did you mean \"[x, y]\"?"),
        ("a: {file: ⟨nowhere.txt⟩}", "\"nowhere.txt\" cannot be read: no such file or directory"),
        ("a: {⟨fiel⟩: x, file: empty}", "unknown key \"fiel\" in an entry of a group; did you mean \"file\"?"),
        ("a: ⟨{⟩}", "an entry of a group lacks \"file\" or \"names\""), ("a: {file: ⟨.⟩}", "\".\" is a directory"),
    ])
    func refusesGroups(line: String, message: String) throws {
        let folder = try PolicyFolder(["empty": ""])
        try folder.write("version: 1\nservices: {}\nsources:\n  \(line)\n", to: "policy.yaml")
        let actual = folder.rendered(folder.read()).filter { $0.contains(" error: ") }
        #expect(actual == [try folder.expected(message, severity: .error, in: "policy.yaml", mark: 0)])
    }

    @Test(arguments: [
        ("⟨a⟩: 1\nversion: 1", "unknown key \"a\" in a policy"),
        ("⟨service⟩: {}\nversion: 1", "unknown key \"service\" in a policy; did you mean \"services\"?"),
        ("version: ⟨2⟩", "unknown version \"2\"; the only version is 1"),
        ("⟨s⟩ervices: {}", "the policy has no \"version\"; add \"version: 1\""),
        ("⟨-⟩ a", "a policy must be a mapping, not a list"),
        ("version: 1\n⟨-⟩--\nversion: 1", "a second YAML document; a file can have only one"),
        ("version: 1\nservices: ⟨[⟩]", "\"services\" must be a mapping, not a list"),
        ("version: 1\ntests: ⟨{⟩}", "\"tests\" must be a list, not a mapping"),
        (
            "version: 1\ndeny: ⟨any⟩",
            "\"deny\" covers every address: no client could reach this host, not even over established connections"
        ),
        ("version: 1\ndeny: ⟨{⟩file: x}", "\"deny\" cannot name a list file; name it in a group under \"sources\""),
        ("version: 1\ninclude: ⟨x.yaml⟩", "\"x.yaml\" cannot be read: no such file or directory"),
        ("version: 1\ninclude: ⟨policy.yaml⟩", "\"policy.yaml\" is included twice, first as \"policy.yaml\""),
        ("version: 1\n⟨{⟩}: 1", "a key must be a single value, not a mapping"),
        (
            "version: 1\nservices: ⟨{⟩ssh: {}",
            "invalid YAML: did not find expected ',' or '}' while parsing a flow mapping"
        ),
        (
            "version: 1\ntests:\n  - {from: any, ⟨too⟩: 1, to: 22, expect: deny}",
            "unknown key \"too\" in a test; did you mean \"to\"?"
        ),
        (
            "version: 1\ntests:\n  - {from: any, to: 22, expect: ⟨alow⟩}",
            "\"expect\" must be allow or deny, not \"alow\"; did you mean \"allow\"?"
        ),
        ("version: 1\ntests:\n  - ⟨{⟩from: any, expect: deny}", "a test lacks \"to\""),
        (
            "version: 1\ntests:\n  - {from: 10.0.0.1, except: ⟨any⟩, to: 22, expect: deny}",
            "\"except\" covers all of \"from\", so the test checks nothing"
        ),
        ("version: 1\ntests:\n  - ⟨{⟩except: any, to: 22, expect: deny}", "a test lacks \"from\""),
        ("x: ⟨\u{7}⟩", "\"policy.yaml\" has the control character U+0007"),
        ("x: ⟨\u{0}⟩", "\"policy.yaml\" has the control character U+0000"),
        ("x: ⟨\u{202E}⟩", "\"policy.yaml\" has the control character U+202E"),
    ])
    func refusesPolicies(text: String, message: String) throws {
        let folder = try PolicyFolder()
        try folder.write(text, to: "policy.yaml")
        let expected = try folder.expected(message, severity: .error, in: "policy.yaml", mark: 0)
        let printable = String(expected.map { "\u{7}\u{0}\u{202E}".contains($0) ? "\u{FFFD}" : $0 })
        #expect(folder.rendered(folder.read()) == [printable])
    }
}
