import Foundation
import Glibc
import TestSupport
import Testing

/// Clients that connect as fast as they can, and the server that accepts them, in separate processes.
final class Storm {
    /// The results.
    struct Outcome: Decodable {
        /// Connections that were accepted as expected, by port.
        var allowed: [String: Int]
        /// Connections that were refused as expected.
        var refused: Int
        /// Descriptions of unexpected results.
        var wrong: [String]
        /// The time of the slowest accepted connection, in seconds.
        var slowest: Double
        /// Exchanges over a session that existed before.
        var exchanges: Int
        /// Connections that arrived at the limited port.
        var limited: Int
    }

    /// The ports: open to a short list of sources, to a long list, and with a limit.
    static let ports = (plain: 5000, listed: 5003, limited: 5001)

    private let portreeve: Portreeve
    private let folder: String
    private var processes: [pid_t] = []

    /// Starts the server in the calling thread's namespace.
    init(_ network: Network) throws {
        portreeve = try Portreeve()
        folder = URL(filePath: try portreeve.write(Self.server, to: "server.py")).deletingLastPathComponent().path
        try start("python3 \(folder)/server.py \(folder)", until: "listening")
        _ = try portreeve.write(Self.client, to: "client.py")
        try start("nsenter --net=\(network.client.path) python3 \(folder)/client.py \(folder)", until: "connected")
    }

    deinit { for process in processes { kill(process, SIGKILL) } }

    /// Ends the processes, and returns the results.
    func end() throws -> Outcome {
        _ = try portreeve.write("", to: "stop")
        try portreeve.shell(Self.waiting(for: "\(folder)/outcome"))
        return try JSONDecoder().decode(Outcome.self, from: Data(contentsOf: URL(filePath: "\(folder)/outcome")))
    }

    private func start(_ command: String, until file: String) throws {
        let output = try portreeve.shell(
            "\(command) < /dev/null > /dev/null 2> \(folder)/errors & echo $!; \(Self.waiting(for: "\(folder)/\(file)"))"
        )
        processes.append(try #require(pid_t(output.trimmingCharacters(in: .newlines))))
    }

    private static func waiting(for file: String) -> String {
        "for i in $(seq 750); do if [ -e \(file) ]; then exit 0; fi; sleep 0.02; done; exit 1"
    }

    private static let server = """
        import os, socket, sys, threading
        folder, limited = sys.argv[1], []
        def listener(port):
            door = socket.socket(socket.AF_INET6)
            door.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            door.bind(("::", port))
            door.listen(4096)
            return door
        def serve(door, port):
            while True:
                peer, _ = door.accept()
                if port == \(ports.limited):
                    limited.append(peer)
                    open(folder + "/limited", "w").write(str(len(limited)))
                elif port == 5004: threading.Thread(target=echo, args=(peer,), daemon=True).start()
                else: peer.close()
        def echo(peer):
            while data := peer.recv(99): peer.sendall(data)
        doors = [(listener(p), p) for p in (\(ports.plain), \(ports.listed), \(ports.limited), 5004)]
        for door, port in doors[1:]: threading.Thread(target=serve, args=(door, port), daemon=True).start()
        open(folder + "/listening", "w")
        serve(*doors[0])
        """

    /// Refusals are answered, so that no timeout decides; a connection that was refused and retried by the kernel shows
    /// in its time.
    private static let client = """
        import itertools, json, os, socket, struct, sys, time
        folder, hosts = sys.argv[1], {4: "10.255.0.1", 6: "fd00:ffff::1"}
        allowed, wrong, refused, slowest, exchanges, pending = {}, [], 0, 0.0, 0, []
        def dial(source, port, blocks=True):
            family = 6 if ":" in source else 4
            client = socket.socket(socket.AF_INET6 if family == 6 else socket.AF_INET)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            if family == 6: client.setsockopt(socket.IPPROTO_IPV6, 78, 1)  # IPV6_FREEBIND
            client.bind((source, 0))
            client.settimeout(20)
            client.setblocking(blocks)
            if blocks: client.connect((hosts[family], port))
            else: client.connect_ex((hosts[family], port))
            return client
        session = dial("192.0.2.200", 5004)
        open(folder + "/connected", "w")
        cases = []
        for number in range(1, 90):
            cases += [(f"192.0.2.{number}", \(ports.plain), True), (f"198.51.100.{number}", \(ports.plain), False)]
            cases += [(f"2001:db8::{number}", \(ports.plain), True), (f"2001:db8:1::{number}", \(ports.plain), False)]
            cases += [(f"203.0.113.{number}", \(ports.listed), True), (f"198.18.0.{number}", \(ports.listed), False)]
        for number, (source, port, isAllowed) in enumerate(itertools.cycle(cases)):
            if number % 20 == 0:
                if os.path.exists(folder + "/stop"): break
                session.sendall(b"x")
                if session.recv(9) == b"x": exchanges += 1
            # More than the limit allows, from one source; no client waits for them.
            if number % 100 == 0 and len(pending) < 100: pending.append(dial("192.0.2.201", \(ports.limited), False))
            begin = time.monotonic()
            try:
                dial(source, port).close()
                if isAllowed:
                    allowed[port] = allowed.get(port, 0) + 1
                    slowest = max(slowest, time.monotonic() - begin)
                else: wrong.append(f"{source} to {port} was let in")
            except ConnectionRefusedError:
                if isAllowed: wrong.append(f"{source} to {port} was refused")
                else: refused += 1
            except OSError as error: wrong.append(f"{source} to {port}: {error}")
        limited = int(open(folder + "/limited").read())
        report = dict(allowed=allowed, wrong=wrong[:9], refused=refused, slowest=slowest, exchanges=exchanges, limited=limited)
        open(folder + "/report", "w").write(json.dumps(report))
        os.rename(folder + "/report", folder + "/outcome")
        """
}
