import Commands
import Testing

@Suite("portreeve diff")
struct DiffTests {
    @Test("An equivalent policy in other words has no difference")
    func equal() throws {
        let terminal = try Terminal()
        let old = try terminal.write(web)
        let new = try terminal.write(
            """
            version: 1
            sources: {app: [10.128.0.0/9, 10.0.0.0/9, "2001:db8::/33", "2001:db8:8000::/33"]}
            services:
              postgres: {ports: 5432, from: app, why: App}
              http: {ports: 80, from: any, why: Site}
              https: {ports: 443, from: any, why: Site}

            """, to: "new.yaml")
        #expect(try terminal.run("diff", old, new, "--detailed-exitcode") == .success)
        #expect(terminal.output == "equal: both allow the same connections\n")
        _ = try terminal.run("diff", old, new, "--format", "json")
        #expect(try terminal.json()["equal"] as? Bool == true)
    }

    @Test("A difference of one bit is found")
    func bit() throws {
        let terminal = try Terminal()
        let old = try terminal.write(web)
        let new = try terminal.write(web.replacing("2001:db8::/32", with: "2001:db9::/32"), to: "new.yaml")
        #expect(try terminal.run("diff", old, new, "--detailed-exitcode") == .difference)
        #expect(
            terminal.output == """
                + tcp/5432 (db) from 2001:db9::/32
                - tcp/5432 (db) from 2001:db8::/32

                """)
    }

    @Test("A changed limit or expiry does not change access, and is shown")
    func conditions() throws {
        let terminal = try Terminal()
        let old = try terminal.write(web)
        let new = try terminal.write(
            web.replacing("ticket: OPS-9", with: "limit: 3/minute\n    expires: 2099-01-31"), to: "new.yaml")
        #expect(try terminal.run("diff", old, new, "--detailed-exitcode") == .difference)
        #expect(
            terminal.output == """
                ~ tcp/5432 (db)  limit none -> 3/minute
                ~ tcp/5432 (db)  until none -> 2099-02-01T00:00:00Z

                """)
    }
}
