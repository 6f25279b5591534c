import Policies
import Testing

/// The errors of misspelt keys and of YAML as whole diagnostics, each with its caret at the mark in the input.
@Suite("Misspelt keys, and colons that are missing or too many")
struct MisspellingTests {
    @Test(
        "A misspelt key is one error, and the key that it stands for is not missing, too",
        arguments: [
            ("services:\n  ssh: {⟨prots⟩: 22, from: any}", "prots", "service \"ssh\"", "ports"),
            (
                "services:\n  ssh: {ports: 22, from: any, ⟨until⟩: 2030-01-01}", "until", "service \"ssh\"", "expires"
            ),
            ("services:\n  ssh: {ports: 22, ⟨form⟩: any}", "form", "service \"ssh\"", "from"),
            ("services:\n  ssh: {ports: 22, ⟨alow⟩: [{from: any}]}", "alow", "service \"ssh\"", "allow"),
            ("services:\n  ssh: {ports: 22, allow: [{⟨form⟩: any}]}", "form", "an entry of \"allow\"", "from"),
            ("services: {}\nforward:\n  w: {ports: 443, ⟨too⟩: 10.0.0.9, from: any}", "too", "forward \"w\"", "to"),
            (
                "services: {}\nmasquerade:\n  v: {from: 10.8.0.0/24, ⟨interface⟩: eth0, why: x}", "interface",
                "\"masquerade\" \"v\"", "interfaces"
            ),
            (
                "services: {}\nsources:\n  a: {⟨name⟩: [vpn.example.net]}", "name", "an entry of a group", "names"
            ),
            ("services: {}\ntests:\n  - {⟨form⟩: any, to: 22, expect: deny}", "form", "a test", "from"),
            (
                "services: {}\ntests:\n  - {out: 22, to: any, ⟨expects⟩: deny}", "expects", "a test with \"out\"",
                "expect"
            ),
            (
                "services: {}\naccepted:\n  - {⟨findings⟩: shared-port, why: x}", "findings", "an accepted finding",
                "finding"
            ),
        ])
    func misspeltKeys(text: String, key: String, place: String, meant: String) throws {
        try expectErrors(
            "version: 1\n\(text)\n", ["unknown key \"\(key)\" in \(place); did you mean \"\(meant)\"?"])
    }

    @Test("A missing colon is named, with the line that has it")
    func missingColon() throws {
        let start = "version: 1\nservices:\n"
        try expectErrors(
            "\(start)  ssh: {ports: 22, ⟨from any⟩, why: x}\n",
            ["unknown key \"from any\" in service \"ssh\"; did you mean \"from: any\"?"])
        let advice = "line 5 lacks a colon: write \"from: any\""
        try expectErrors(
            "\(start)  ssh:\n    ports: 22\n    from any\n    ⟨w⟩hy: x\n",
            ["invalid YAML: could not find expected ':' while scanning a simple key; \(advice)"])
        try expectErrors(
            "\(start)  ssh:\n    from any\n    ports⟨:⟩ 22\n",
            [
                "invalid YAML: mapping values are not allowed in this context; line 4 lacks a colon: write \"from: any\""
            ])
    }

    @Test("A key without a colon, or without the space behind it, is named with its line")
    func bareKey() throws {
        let (start, single) = ("version: 1\nservices:\n", "must be a mapping, not a single value")
        try expectErrors(
            "\(start)  ⟨ssh⟩\n    port 22\n", ["\"services\" \(single); line 3 lacks a colon: write \"ssh:\""])
        try expectErrors(
            "\(start)  ssh:\n    ⟨ports 22⟩\n",
            ["service \"ssh\" \(single); line 4 lacks a colon: write \"ports: 22\""])
        try expectErrors(
            "\(start)  ssh:\n    ⟨ports:22⟩\n",
            ["service \"ssh\" \(single); line 4 lacks a space after the colon: write \"ports: 22\""])
        let misplaced = "invalid YAML: mapping values are not allowed in this context"
        try expectErrors(
            "\(start)  ssh\n    ports⟨:⟩ 22\n", ["\(misplaced); line 3 lacks a colon: write \"ssh:\""])
        try expectErrors(
            "version:1\nservices⟨:⟩ {}\n",
            ["\(misplaced); line 1 lacks a space after the colon: write \"version: 1\""])
        let missing = "invalid YAML: could not find expected ':' while scanning a simple key"
        try expectErrors(
            "version: 1\nservices\n  ssh⟨:⟩\n    ports: 22\n",
            ["\(missing); line 2 lacks a colon: write \"services:\""])
        try expectErrors("services: ⟨none⟩\nversion: 1\n", ["\"services\" \(single)"])
    }

    @Test("An entry with a dash, a quote that stays open, and a key in the wrong place are named as such")
    func structure() throws {
        let (start, service) = ("version: 1\nservices:\n", "{ports: 22, from: any}")
        try expectErrors(
            "\(start)  ⟨-⟩ ssh: \(service)\n",
            ["\"services\" must be a mapping, not a list; write its entries without \"- \""])
        let open = "found unexpected end of stream while scanning a quoted scalar"
        try expectErrors(
            "\(start)  ssh: {ports: 22, from: any, why: ⟨\"⟩x}\n",
            ["invalid YAML: \(open); the quote that opens on line 3 is not closed"])
        try expectErrors(
            "⟨families⟩: ipv4\n\(start)  ssh: \(service)\n",
            ["unknown key \"families\" in a policy; it belongs in \"defaults\""])
        try expectErrors(
            "⟨limit⟩: 1/day\n\(start)  ssh: \(service)\n",
            ["unknown key \"limit\" in a policy; it belongs in a service"])
        try expectErrors(
            "\(start)  ⟨ssh⟩:\n  ⟨ports⟩: 22\n  ⟨from⟩: any\n",
            [
                "service \"ssh\" is empty: indent its keys below it",
                "\"ports\" is a key of a service: indent it below the name of one",
                "\"from\" is a key of a service: indent it below the name of one",
            ])
        try expectErrors(
            "\(start)  ssh: {ports: 22, from: any, ⟨grant-limit⟩: 1h}\n",
            ["unknown key \"grant-limit\" in service \"ssh\"; it belongs in \"defaults\""])
        let form = "a lower-case letter, then up to 30 lower-case letters, digits and -, all from a to z and 0 to 9"
        try expectErrors("\(start)  ⟨größe⟩: \(service)\n", ["\"größe\" is not a service name; use \(form)"])
    }

    @Test("A misspelt version is one error")
    func misspeltVersion() throws {
        try expectErrors(
            "⟨versoin⟩: 1\nservices: {}\n", ["unknown key \"versoin\" in a policy; did you mean \"version\"?"])
    }

    @Test(
        "A colon that libyaml does not expect is answered by what was probably meant",
        arguments: [
            (
                "    why: fix⟨:⟩ later",
                "mapping values are not allowed in this context; text with a colon and a space needs quotes, "
                    + "as in why: \"first: second\""
            ),
            (
                "    why: x\n      owner⟨:⟩ y",
                "mapping values are not allowed in this context; a key has the indent of the keys beside it"
            ),
            (
                "    limit: {rate: 1/day\n    why⟨:⟩ x",
                "did not find expected ',' or '}' while parsing a flow mapping; a bracket that opens on line 6 is not closed"
            ),
        ])
    func colons(lines: String, message: String) throws {
        try expectErrors(
            "version: 1\nservices:\n  ssh:\n    ports: 22\n    from: any\n\(lines)\n", ["invalid YAML: \(message)"])
    }

    @Test("A line below a key that is commented out is answered by the two usual reasons")
    func misplaced() throws {
        let advice = "this line is not indented as its neighbours are, or the key above it is missing or commented out"
        try expectErrors(
            "version: 1\n# sources:\n  ⟨o⟩ffice: [192.0.2.0/24]\nservices: {}\n",
            ["invalid YAML: did not find expected key while parsing a block mapping; \(advice)"])
    }

    @Test("The lines of an unfinished merge are named as such")
    func merge() throws {
        try expectErrors(
            """
            version: 1
            services:
              web: {ports: 80, from: any, why: Web}
            ⟨<<<<<<<⟩ HEAD
              ssh: {ports: 22, from: any, why: Admin}
            =======
              ssh: {ports: 2222, from: any, why: Admin}
            >>>>>>> branch

            """,
            [
                "an unfinished merge: keep one of the two versions, and delete the lines <<<<<<<, ======= and >>>>>>>"
            ])
    }
}
