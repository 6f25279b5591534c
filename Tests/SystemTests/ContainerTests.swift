import Addressing
import Foundation
import Glibc
import Listeners
import TestSupport
import Testing

@testable import System

@Suite("Containers are named from the files of their engines")
struct ContainerTests {
    private let folder: TemporaryFolder
    private static let ids = (0..<4).map { String(repeating: "\($0)123456789abcdef", count: 4) }
    private static let docker = "var/lib/docker/containers"

    init() throws { folder = try TemporaryFolder() }

    private func write(_ text: String, to path: String) throws {
        let file = folder.path(path)
        let directory = URL(filePath: file).deletingLastPathComponent().path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try text.write(toFile: file, atomically: false, encoding: .utf8)
    }

    private func writeDocker(
        _ number: Int, _ name: String, _ addresses: String..., isRunning: Bool = true,
        in data: String = "var/lib/docker"
    ) throws {
        let networks = addresses.enumerated().map { index, address in
            let key = address.contains(":") ? "GlobalIPv6Address" : "IPAddress"
            return "\"net\(index)\": {\"Links\": null, \"MacAddress\": \"\", \"\(key)\": \"\(address)\"}"
        }
        try write(
            """
            {"StreamConfig":{},"State":{"Running":\(isRunning),"Pid":-1,"Health":null},"ID":"x","Name":"/\(name)",
             "NetworkSettings":{"Ports":{},"Networks":{\(networks.joined(separator: ","))}},"Path":"\\u003csh\\u003e"}
            """, to: "\(data)/containers/\(Self.ids[number])/config.v2.json")
    }

    private var list: ContainerList { ContainerFiles(root: folder.path("")).list }

    /// The container at an address, as `engine name`.
    private func place(_ address: String) throws -> String? {
        let range = try AddressRange(address)
        return IPAddress(range).flatMap(list.container).map { "\($0.engine ?? "-") \($0.name ?? "-")" }
    }

    private func name(_ number: Int) -> String? { list.named(Container(id: Self.ids[number])).name }

    @Test("No file, no container")
    func none() throws {
        #expect(try place("172.17.0.2") == nil)
        #expect(name(0) == nil)
    }

    @Test("Docker's containers have the addresses of both families, while they run")
    func dockerContainers() throws {
        try writeDocker(0, "web", "172.17.0.2", "fd00:17::2")
        try writeDocker(1, "db", "172.17.0.3", isRunning: false)
        try writeDocker(2, "other", "", "172.18.0.2")
        #expect(try place("172.17.0.2") == "docker web" && place("fd00:17::2") == "docker web")
        #expect(try place("172.17.0.3") == nil && place("172.18.0.2") == "docker other")
        #expect(name(1) == "db")
        #expect(list.withoutAddresses.named(Container(id: Self.ids[0], engine: "docker")).name == "web")
        #expect(try list.withoutAddresses.container(at: #require(IPAddress(AddressRange("172.17.0.2")))) == nil)
    }

    @Test("Docker's directory may be elsewhere")
    func dataRoot() throws {
        try write("{\"data-root\": \"/srv/docker\"}\n", to: "etc/docker/daemon.json")
        try writeDocker(0, "web", "172.17.0.2", in: "srv/docker")
        try writeDocker(1, "old", "172.17.0.3")
        #expect(try place("172.17.0.2") == "docker web" && place("172.17.0.3") == nil)
    }

    @Test("An address of two containers names neither")
    func shared() throws {
        try writeDocker(0, "one", "172.17.0.2")
        try writeDocker(1, "two", "172.17.0.2")
        #expect(try place("172.17.0.2") == nil)
    }

    @Test("podman's and CRI-O's containers have names, and the addresses that CNI gave them")
    func storage() throws {
        try write(
            """
            [{"id":"\(Self.ids[0])","names":["web"],"metadata":"{\\"name\\":\\"web\\"}"},{"id":"\(Self.ids[1])","names":["k8s_POD_x"]},
             {"id":"short","names":["no"]},{"names":["no"]},7,{"id":"\(Self.ids[2])"}]
            """, to: "var/lib/containers/storage/overlay-containers/containers.json")
        try write("\(Self.ids[0])\r\neth0", to: "var/lib/cni/networks/podman/10.88.0.2")
        try write("10.88.0.2", to: "var/lib/cni/networks/podman/last_reserved_ip.0")
        #expect(try place("10.88.0.2") == "podman web")
        #expect((name(0), name(1), name(2)) == ("web", "k8s_POD_x", nil))
        #expect(list.named(Container(id: Self.ids[1])).engine == "cri-o")
    }

    @Test("A link, a pipe, a folder, a file that is too large or no JSON names no container, and nothing waits")
    func hostile() throws {
        try writeDocker(0, "web", "172.17.0.2")
        let path = "\(Self.docker)/\(Self.ids[1])/config.v2.json"
        func found(_ make: (String) throws -> Void) throws -> String? {
            try? FileManager.default.removeItem(atPath: folder.path(path))
            try write("", to: path)
            try FileManager.default.removeItem(atPath: folder.path(path))
            try make(folder.path(path))
            return name(1)
        }
        let good = folder.path("\(Self.docker)/\(Self.ids[0])/config.v2.json")
        let text = try String(contentsOfFile: good, encoding: .utf8)
        func put(_ text: String) -> (String) throws -> Void {
            { try text.write(toFile: $0, atomically: false, encoding: .utf8) }
        }
        #expect(try found(put(text)) == "web")
        #expect(try found { try FileManager.default.createSymbolicLink(atPath: $0, withDestinationPath: good) } == nil)
        let pipe = try found { path in _ = unsafe mkfifo(path, 0o600) }
        #expect(pipe == nil)
        #expect(
            try found { try FileManager.default.createDirectory(atPath: $0, withIntermediateDirectories: false) } == nil
        )
        #expect(try found(put(text + String(repeating: " ", count: 1 << 20))) == nil)
        #expect(try found(put(String(text.dropLast(3)))) == nil)
        #expect(try found(put("{\"Name\": 7}")) == nil)
        #expect(try found(put("{\"Name\": \"/\"}")) == nil)
        let long = try found(put("{\"Name\": \"/\(String(repeating: "a", count: 9_999))\"}"))
        #expect(long?.count == 128)
    }

    @Test("A monitor tells the container of its process, and of a port that it holds itself")
    func monitors() throws {
        let host = try FakeHost()
        let command = ["/usr/bin/conmon", "--api-version", "1", "-c", Self.ids[0], "-u", Self.ids[1], "-n", "web"]
        try host.add(70, 7, executable: "/usr/bin/conmon", command: command)
        try host.add(71, 8, executable: "/usr/sbin/nginx", root: "/tmp", parent: 70)
        try host.add(72, 9, executable: "/usr/sbin/nginx", root: "/", parent: 70)
        try host.add(73, 10, executable: "/usr/bin/conmon", command: ["/usr/bin/conmon", "-c", "x", "-n", "web"])
        var facts = ProcessFacts(proc: host.proc)
        let web = Container(id: Self.ids[0], name: "web")
        #expect([70, 71, 72, 73].map { facts.process($0).container } == [web, web, nil, nil])
    }
}

@Suite("JSON")
struct JSONTests {
    @Test(
        "Texts and their values",
        arguments: [
            ("{}", .object([:])), (" [ ] ", .array([])), ("[1, -2.5e+3, null]", .array([.other, .other, .other])),
            ("{\"a\": {\"b\": [true, false]}, \"a\": \"x\"}", .object(["a": .string("x")])),
            (#""\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00é""#, .string("\"\\/\u{8}\u{c}\n\r\tAé😀é")),
        ] as [(String, JSONValue)])
    func valid(text: String, value: JSONValue) { #expect(JSONValue(text) == value) }

    @Test(
        "Texts that are not JSON",
        arguments: [
            "", " ", "{", "[", "{]", "[1,]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "\"", "\"\\", "\"\\u12\"",
            "\"\\ud83d\"", "\"\\ud83d\\u0041\"", "\"\n\"", "nul", "[1] 2", "\"\\x\"",
            String(repeating: "[", count: 100_000),
            String(repeating: "[", count: 65) + String(repeating: "]", count: 65),
        ])
    func invalid(text: String) { #expect(JSONValue(text) == nil) }
}
