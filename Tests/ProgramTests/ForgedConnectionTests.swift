import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Entries of conntrack that no socket has", .privileged, .networkNamespace)
struct ForgedConnectionTests {
    @Test("Are named if the policy refuses their client, and ended by --cut-sessions")
    func forged() throws {
        let portreeve = try Portreeve()
        let policy = try portreeve.write(
            "version: 1\nservices: {db: {ports: 5432, from: 10.0.0.0/8, why: x}}\n")
        #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
        try portreeve.shell(
            """
            ip link set lo up; ip link add d0 type veth; ip address add 192.0.2.1/24 dev d0; ip link set d0 up
            forge() { conntrack -I -p tcp -s $1 -d 192.0.2.1 --sport $2 --dport $3 --state $4 -u $5 -t 1000; }
            forge 198.51.100.9 40000 5432 ESTABLISHED SEEN_REPLY,ASSURED
            forge 198.51.100.9 40001 5432 ESTABLISHED SEEN_REPLY,ASSURED
            forge 198.51.100.8 40000 5432 TIME_WAIT SEEN_REPLY,ASSURED
            forge 10.0.0.9 40000 5432 ESTABLISHED SEEN_REPLY,ASSURED
            conntrack -I -p tcp -s 198.51.100.7 -d 203.0.113.1 --sport 1 --dport 22 --state ESTABLISHED -u SEEN_REPLY,ASSURED -t 1000
            """)
        let result = try portreeve("verify", policy, "--only", "sessions")
        let expected = """
            \(policy):2: warning: conntrack has 2 open connections from 198.51.100.9 to tcp/5432 that the policy refuses \
            and that have no socket on this host: forged or forgotten; their packets pass as established; \
            "portreeve apply --cut-sessions \(policy) --state-dir \(portreeve.stateDirectory)" ends them [stale-session]
            """
        #expect(result.output.split(separator: "\n").first.map(String.init) == expected)
        #expect(result.status == 2 && result.output.contains("verify: 1 warning"), "\(result)")
        #expect(try portreeve("apply", policy, "--yes", "--cut-sessions", "--quiet").status == 0)
        #expect(try portreeve("verify", policy, "--only", "sessions").status == 0)
        #expect(try portreeve.shell("conntrack -L -s 198.51.100.9").isEmpty)
    }

    @Test("Are not those of connections that are open, or wait to be accepted")
    func real() throws {
        let portreeve = try Portreeve()
        let policy = try portreeve.write("version: 1\nservices: {db: {ports: 5432, from: any, why: x}}\n")
        #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
        let sockets = Sockets(portreeve)
        try portreeve.shell("ip link set lo up")
        try sockets.open("tcp 0.0.0.0 5432")
        let clients = """
            import socket, time
            # The first one waits until the other end answers.
            held = [socket.create_connection(("192.0.2.1", 5432), timeout=30)]
            for number in range(200):
                held.append(socket.socket())
                held[-1].setblocking(False)
                held[-1].connect_ex(("192.0.2.1", 5432))
            print("ready", flush=True)
            time.sleep(600)
            """
        let (script, output) = (try portreeve.write(clients, to: "clients.py"), try portreeve.write("", to: "clients"))
        // More connections than the queue of the listener has room for.
        let process = try portreeve.shell(
            """
            unshare -n sh -c 'until ip link show v1 >/dev/null 2>&1; do sleep 0.02; done; ip address add 192.0.2.2/24 dev v1
                ip link set v1 up; until ip link show v1 | grep -q LOWER_UP; do sleep 0.02; done; exec /usr/bin/python3 \(script)' > \(output) 2>&1 &
            sleep 0.2; ip link add v0 type veth peer name v1 netns $!
            ip address add 192.0.2.1/24 dev v0; ip link set v0 up
            for i in $(seq 600); do [ -s \(output) ] && break; sleep 0.05; done
            sleep 0.5
            echo $!
            """)
        defer { if let id = Int32(process.trimmingCharacters(in: .whitespacesAndNewlines)) { kill(id, SIGKILL) } }
        let closed = try portreeve.write("version: 1\nservices: {db: {ports: 5432, from: 10.0.0.0/8, why: x}}\n")
        #expect(try portreeve("apply", closed, "--yes", "--quiet", "--force").status == 0)
        let result = try portreeve("verify", closed, "--only", "sessions").output
        #expect(result.contains("192.0.2.2 has ") && !result.contains("no socket"), "\(result)")
    }
}
