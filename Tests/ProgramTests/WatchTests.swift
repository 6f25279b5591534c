import Foundation
import TestSupport
import Testing

@Suite("portreeve sessions --watch", .privileged, .networkNamespace)
struct SessionWatchTests {
    private static let (entry, exit) = (
        "\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l", "\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l"
    )

    private let portreeve: Portreeve
    private let policy: String

    init() throws {
        portreeve = try Portreeve()
        policy = try portreeve.write("version: 1\nservices:\n  web: {ports: 80, from: 10.0.0.0/8, why: Web}\n")
    }

    /// Watches on a terminal, with these keys pressed after half a second, and prints the exit status and whether the settings
    /// of the terminal are as before.
    private func watch(keys: String = "", prefix: String = "") throws -> String {
        let command =
            "\(prefix) \(try Portreeve.executable) sessions \(policy) --watch --state-dir \(portreeve.stateDirectory)"
        let script = try portreeve.write(
            "before=$(stty -g)\n\(command)\necho status=$?\n[ \"$before\" = \"$(stty -g)\" ] && echo restored\n",
            to: "watch.sh")
        return try portreeve.shell(
            "(sleep 0.5; printf '\(keys)'; sleep 1.5) | TERM=xterm script -qec 'sh \(script)' /dev/null")
    }

    @Test("Paints in place, and q gives the terminal back")
    func quit() throws {
        let output = try watch(keys: "q")
        let parts = output.split(separator: Self.exit, omittingEmptySubsequences: false)
        try #require(parts.count == 2, "\(output.debugDescription)")
        #expect(parts[0].hasPrefix("\(Self.entry)\u{1b}[H\u{1b}[Kportreeve sessions, "), "\(output.debugDescription)")
        #expect(parts[0].contains(": 0 connections\r\r\n\u{1b}[K") && parts[0].contains("\u{1b}[Kq quits\u{1b}[J"))
        #expect(parts[1].contains("status=0\r\nrestored"), "\(output.debugDescription)")
    }

    @Test(
        "A signal ends it, and the terminal is given back first",
        arguments: [("INT", 130), ("TERM", 143), ("HUP", 129)])
    func signals(name: String, status: Int) throws {
        let output = try watch(prefix: "timeout --preserve-status --foreground -s \(name) 0.5")
        let parts = output.split(separator: Self.exit, omittingEmptySubsequences: false)
        #expect(parts.count >= 2 && parts[0].hasPrefix(Self.entry), "\(output.debugDescription)")
        #expect(output.contains("status=\(status)\r\n") && output.contains("restored"), "\(output.debugDescription)")
    }

    /// A shell with job control in a few lines: it starts the command in the foreground, presses Control-Z, and continues it.
    private static let jobControl = """
        import os, pty, select, signal, sys, termios, time
        shell, master = pty.fork()
        if shell == 0:
            signal.signal(signal.SIGTTOU, signal.SIG_IGN)
            before = termios.tcgetattr(0)
            job = os.fork()
            if job == 0:
                os.setpgid(0, 0)
                os.tcsetpgrp(0, os.getpid())
                signal.signal(signal.SIGTTOU, signal.SIG_DFL)
                os.environ["TERM"] = "xterm"
                os.execv(sys.argv[1], sys.argv[1:])
            def ended(word, flags):
                status = os.waitpid(job, flags)[1]
                os.tcsetpgrp(0, os.getpid())
                code = "stopped" if os.WIFSTOPPED(status) else os.waitstatus_to_exitcode(status)
                os.write(1, f"<{word} {code} {termios.tcgetattr(0) == before}>".encode())
            ended("first", os.WUNTRACED)
            os.tcsetpgrp(0, job)
            os.kill(job, signal.SIGCONT)
            ended("second", 0)
            os._exit(0)
        seen = b""
        def wait(word, count=1):
            global seen
            end = time.monotonic() + 30
            while seen.count(word) < count and time.monotonic() < end:
                if select.select([master], [], [], 1)[0]:
                    try: seen += os.read(master, 65536)
                    except OSError: break
        wait(b"q quits")
        os.write(master, b"\\x1a")
        wait(b"<first")
        wait(b"q quits", 2)
        os.write(master, b"q")
        wait(b"<second")
        wait(b">", 2)
        sys.stdout.write(seen.decode())
        """

    @Test("Control-Z stops it with the terminal as before, and it paints again when it is continued")
    func stop() throws {
        let script = try portreeve.write(Self.jobControl, to: "job.py")
        let output = try portreeve.shell(
            "/usr/bin/python3 \(script) \(try Portreeve.executable) sessions \(policy) --watch --state-dir \(portreeve.stateDirectory)"
        )
        let parts = output.split(separator: Self.exit, omittingEmptySubsequences: false)
        try #require(parts.count == 3, "\(output.debugDescription)")
        #expect(parts[0].hasPrefix(Self.entry) && parts[0].contains("q quits"), "\(output.debugDescription)")
        #expect(
            parts[1].contains("<first stopped True>\(Self.entry)\u{1b}[H\u{1b}[Kportreeve sessions, "),
            "\(output.debugDescription)")
        #expect(parts[2].contains("<second 0 True>"), "\(output.debugDescription)")
    }

    @Test("Without a terminal it says so, and paints nothing")
    func pipe() throws {
        let result = try portreeve("sessions", policy, "--watch", "--state-dir", portreeve.stateDirectory)
        #expect(result.status == 1 && result.output.isEmpty)
        #expect(
            result.errors
                == "portreeve: painting the screen: --watch needs a terminal; run it in one, or leave out --watch\n")
    }
}
