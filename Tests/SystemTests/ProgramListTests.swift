import Glibc
import Listeners
import Testing

@testable import System

@Suite("BPF programs of cgroups")
struct ProgramListTests {
    private func list(_ code: Int32) throws(SystemError) -> [String?] {
        var list = ProgramList()
        try list.add(["/a", "/gone", "/b"]) { directory throws(SystemError) in
            if directory == "/gone" { throw SystemError(code: code) }
            return [AttachedPrograms(.packets, cgroup: directory)]
        }
        return list.programs.map(\.cgroup)
    }

    @Test("A cgroup that ends meanwhile is passed over, and those behind it are asked; another error is told")
    func gone() throws {
        #expect(try list(ENOENT) == ["/a", "/b"])
        #expect(throws: SystemError.self) { try list(EPERM) }
    }
}
