import ArgumentParser
import Foundation
import Testing

@testable import Commands

@Suite("Commands that messages propose")
struct InvocationTests {
    private func invocation(_ words: String...) throws -> Invocation {
        let command = try Portreeve.parseAsRoot(words)
        return Invocation(
            policy: (command as? any PolicyCommand)?.policy.policy, (command as? any KernelCommand)?.kernel)
    }

    @Test("Nothing is added where the standard paths were used")
    func standard() throws {
        let text = "run \"portreeve confirm\" or \"portreeve apply\""
        #expect(try invocation("plan").completing(text) == text)
        #expect(try invocation("plan", PolicyOptions.standardPath).completing(text) == text)
    }

    @Test("The policy, the namespace and the state directory are added to the commands that read them")
    func named() throws {
        let invocation = try invocation("apply", "/srv/p.yaml", "--netns", "web", "--state-dir", "/srv/state")
        let place = "--netns web --state-dir /srv/state"
        #expect(
            invocation.completing("\"portreeve confirm\" keeps it; \"portreeve plan --verbose\" shows all")
                == "\"portreeve confirm \(place)\" keeps it; "
                + "\"portreeve plan --verbose /srv/p.yaml \(place)\" shows all")
        #expect(invocation.completing("\"portreeve show\" prints it") == "\"portreeve show /srv/p.yaml\" prints it")
        #expect(invocation.completing("\"portreeve revoke\" ends it") == "\"portreeve revoke \(place)\" ends it")
        #expect(
            invocation.completing("\"portreeve explain 192.0.2.7 tcp/22\"")
                == "\"portreeve explain 192.0.2.7 tcp/22 /srv/p.yaml \(place)\"")
    }

    @Test("Options stand before a redirection, and those of a command line that is refused are kept, too")
    func redirected() throws {
        let place = "--state-dir /srv/state"
        let invocation = try invocation("status", "--state-dir", "/srv/state")
        #expect(
            invocation.completing("\"portreeve history --show 1 > FILE\" prints it")
                == "\"portreeve history --show 1 \(place) > FILE\" prints it")
        let words = CommandLineWords(["grant", "ssh", "192.0.2.7", "--state-dir=/srv/state"])
        let fault = Invocation(words).completing(try #require(words.fault))
        #expect(fault.hasSuffix("\"portreeve grant ssh --from 192.0.2.7 --for 1h --why TEXT \(place)\""), "\(fault)")
    }

    @Test("What a command names already is not added, and text that is complete stays as it is")
    func complete() throws {
        let invocation = try invocation("verify", "/srv/my p.yaml", "--netns", "web")
        let text = invocation.completing("run \"portreeve apply\", or undo \"the edit\"")
        #expect(text == "run \"portreeve apply '/srv/my p.yaml' --netns web\", or undo \"the edit\"")
        #expect(invocation.completing(text) == text)
        #expect(
            invocation.completing("\"portreeve apply /srv/other.yaml\" loads it")
                == "\"portreeve apply /srv/other.yaml --netns web\" loads it")
        #expect(invocation.completing("\"portreeve") == "\"portreeve" && invocation.completing("") == "")
    }

    @Test("A command that reads no policy names the one that was applied last")
    func applied() throws {
        let terminal = try Terminal()
        #expect(try terminal.run("ban", "10.0.0.9", "--for", "1h", "--why", "scans") == .failure)
        #expect(terminal.errors.contains("run \"portreeve apply\" first"), "\(terminal.errors)")
        let path = try terminal.write("version: 1\nservices: {}\n")
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(try terminal.run("remove", "--yes") == .success)
        #expect(try terminal.run("ban", "10.0.0.9", "--for", "1h", "--why", "scans") == .failure)
        #expect(terminal.errors.contains("run \"portreeve apply \(path)\" first"), "\(terminal.errors)")
    }

    @Test("JSON has complete commands")
    func values() throws {
        let invocation = try invocation("confirm", "--netns", "web")
        let json: JSON = ["message": "run \"portreeve apply\"", "lines": ["\"portreeve history\""], "count": 1]
        #expect(
            json.completed(by: invocation).line
                == "{ \"message\": \"run \\\"portreeve apply --netns web\\\"\", "
                + "\"lines\": [ \"\\\"portreeve history --netns web\\\"\" ], \"count\": 1 }")
    }

    @Test("Every command that reads a policy or the kernel says so")
    func types() throws {
        for type in Portreeve.configuration.subcommands {
            let help = type.helpMessage(columns: 200)
            #expect(help.contains("--netns <name>") == (type is any KernelCommand.Type), "\(type)")
            let readsPolicy = help.contains("<policy>") || help.contains("[<policy>")
            guard type != Init.self, type != Import.self else { continue }
            #expect(readsPolicy == (type is any PolicyCommand.Type), "\(type)")
        }
    }

    @Test("apply, plan and verify propose the policy that they were given, and a saved plan is none")
    func commands() throws {
        let terminal = try Terminal()
        let path = try terminal.write("version: 1\nservices:\n  ssh: {ports: 22, from: any, why: Admin}\n")
        #expect(try terminal.run("apply", path, "--yes", "--confirm", "2m") == .success)
        #expect(try terminal.run("status", path) == .success)
        #expect(terminal.output.contains("\"portreeve confirm\" to keep it"), "\(terminal.output)")
        _ = try terminal.run("confirm")
        _ = try terminal.write("version: 1\nservices: {}\n")
        #expect(try terminal.run("verify", path) == .difference)
        #expect(terminal.output.contains("\"portreeve apply \(path)\""), "\(terminal.output)")
        #expect(try terminal.run("verify", path, "--format", "json") == .difference)
        #expect(terminal.output.contains("\\\"portreeve apply \(path)\\\""), "\(terminal.output)")
        let plan = terminal.folder.appending(path: "plan").path
        #expect(try terminal.run("plan", path, "--out", plan) == .success)
        #expect(terminal.errors.contains("\"portreeve apply \(plan)\" makes exactly"), "\(terminal.errors)")
    }
}
