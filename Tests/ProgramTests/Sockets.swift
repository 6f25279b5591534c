import Foundation
import Glibc
import TestSupport
import Testing

/// Processes that hold sockets in the network namespace of the test's thread; they end with the value.
final class Sockets {
    private let portreeve: Portreeve
    /// The processes, in the order of their start.
    private(set) var processes: [Int32] = []

    init(_ portreeve: Portreeve) { self.portreeve = portreeve }

    deinit { for process in processes { kill(process, SIGKILL) } }

    /// Opens sockets, one per line: `tcp ADDRESS PORT [v6only] [reuse] [to ADDRESS PORT]`.
    private static let program = """
        import os, socket, sys, time
        held = []
        for line in sys.stdin:
            kind, address, port, *rest = line.split()
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            held.append(socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM))
            if family == socket.AF_INET6:
                held[-1].setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, "v6only" in rest)
            if "reuse" in rest: held[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            held[-1].bind((address, int(port)))
            if kind == "tcp": held[-1].listen()
            if "to" in rest: held[-1].connect((rest[-2], int(rest[-1])))
            if "fork" in rest and os.fork() == 0: break
        print("ready", os.getpid(), flush=True)
        time.sleep(600)
        """

    /// Starts one more process, and waits until its sockets are open.
    ///
    /// - Parameters:
    ///   - lines: the sockets.
    ///   - executable: the interpreter; a copy of Python under another name is another executable.
    /// - Throws: the shell's error, or that the sockets did not open in time.
    func open(_ lines: String, executable: String = "/usr/bin/python3") throws {
        let script = try portreeve.write(Self.program, to: "sockets.py")
        let list = try portreeve.write(lines, to: "list-\(processes.count)")
        let count = 1 + lines.split(separator: " ").count { $0.hasPrefix("fork") }
        let output = try portreeve.shell(
            """
            # Of an earlier program with the same list: the shell empties it only when the program starts.
            rm -f \(list).out
            \(executable) \(script) < \(list) > \(list).out 2>&1 &
            for i in $(seq 1200); do [ "$(grep -c ready \(list).out 2>/dev/null)" = \(count) ] && break; sleep 0.05; done
            cat \(list).out
            """)
        let started = output.split(separator: "\n").compactMap { line in
            line.hasPrefix("ready ") ? Int32(line.dropFirst("ready ".count)) : nil
        }
        processes += started
        try #require(started.count == count, "\(lines): \(output)")
    }
}
