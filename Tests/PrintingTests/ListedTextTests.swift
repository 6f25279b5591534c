import Printing
import Testing

@Suite("Lists in a line")
struct ListedTextTests {
    @Test("The first texts, and how many more there are, also of those that are not in the array")
    func listed() {
        #expect([String]().listed(atMost: 2).isEmpty)
        #expect(["a", "b"].listed(atMost: 2) == "a, b")
        #expect(["a", "b", "c", "d"].listed(atMost: 2) == "a, b and 2 more")
        #expect(["a", "b"].listed(atMost: 3, of: 7) == "a, b and 5 more")
        #expect(["a", "b", "c", "d"].listed(atMost: 2, separator: " and ") == "a and b and 2 more")
        // The one is as short as its count, where it is known.
        #expect(["a", "b", "c"].listed(atMost: 2) == "a, b, c")
        #expect(["a", "b"].listed(atMost: 2, of: 3) == "a, b and 1 more")
    }
}
