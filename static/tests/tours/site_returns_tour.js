import { browser } from "@web/core/browser/browser";
import { registry } from "@web/core/registry";
import { allSent, confirms, cutTheLine, does, says, scan, waits } from "./site_work_steps";

const tours = registry.category("web_tour.tours");

const showsReturns = {
    content: "What comes back has a tab of its own",
    trigger: ".o_oms_tab_returns",
    run: "click",
};

const scannedIn = (place, code, content) => ({
    content: content || `Scan ${code}`,
    trigger: place,
    run: () => scan(code),
});

const inList = (code, content) => scannedIn(".o_oms_return_list .o_oms_scan_bar", code, content);
const onPage = (code, content) => scannedIn(".o_oms_return .o_oms_lines", code, content);

const came = (product, text) => ({
    content: `${product}: ${text}`,
    trigger: `.o_oms_return_line:contains('${product}') .o_oms_count:contains('${text}')`,
});

const graded = (product, quantity, grade) => ({
    content: `${quantity} ${product} of grade ${grade}`,
    trigger: `.o_oms_return_line:contains('${product}') .o_oms_item:contains('${quantity}'):contains('${grade}')`,
});

const opensDialog = (title) => ({ trigger: `.modal .modal-title:contains('${title}')` });

const cancels = {
    trigger: ".modal .modal-footer .btn-secondary:contains('Cancel')",
    run: "click",
};

const noDialog = { trigger: "body:not(:has(.modal))" };

tours.add("oms_site_returns_receive", {
    steps: () => [
        {
            content: "How much comes back is counted on the tab",
            trigger: ".o_oms_tab_returns:contains('1')",
        },
        showsReturns,
        {
            content: "What was announced is told on its card",
            trigger: ".o_oms_return_card:contains('Ada Lovelace'):contains('Expected'):contains('3 units')",
        },
        inList("1Z999AA10123456784", "Scan the return label"),
        came("Apple", "0/2"),
        onPage("2000000000015"),
        says("ok", "Apple: 1 of 2"),
        onPage("2000000000015"),
        came("Apple", "2/2"),
        {
            content: "Take the last one back",
            trigger: ".o_oms_undo",
            run: "click",
        },
        came("Apple", "1/2"),
        {
            content: "Count it without a scanner",
            trigger: ".o_oms_return_line:contains('Apple') .o_oms_one_more:enabled",
            run: "click",
        },
        came("Apple", "2/2"),
        onPage("2000000000039", "Scan what is of another order"),
        opensDialog("Other goods"),
        {
            content: "It is told from what nobody knows",
            trigger: ".modal .o_oms_other_product:contains('Cheese')",
        },
        { trigger: ".modal [role='status']:contains('nothing is paid back for it')" },
        cancels,
        noDialog,
        onPage("999", "Scan what nobody knows"),
        opensDialog("Other goods"),
        { trigger: ".modal [role='status']:contains('Nobody knows this code')" },
        cancels,
        noDialog,
        {
            content: "Grade what came",
            trigger: ".o_oms_return_line:contains('Apple') .o_oms_grade_item",
            run: "click",
        },
        opensDialog("Apple"),
        {
            content: "One of the two is as new",
            trigger: ".modal .o_oms_less:enabled",
            run: "click",
        },
        {
            trigger: ".modal .o_oms_all_good",
            run: "click",
        },
        {
            content: "The answers make the grade",
            trigger: ".modal .o_oms_grades .btn-primary[data-grade='A']",
        },
        confirms,
        graded("Apple", "1", "A: as new"),
        does("grade"),
        opensDialog("Apple"),
        {
            content: "The other one was opened",
            trigger: ".modal .o_oms_check:contains('packaging') .o_oms_no",
            run: "click",
        },
        {
            trigger: ".modal .o_oms_check:contains('Is everything there') .o_oms_yes",
            run: "click",
        },
        {
            trigger: ".modal .o_oms_check:contains('traces of use') .o_oms_no",
            run: "click",
        },
        {
            trigger: ".modal .o_oms_check:contains('without defect') .o_oms_yes",
            run: "click",
        },
        { trigger: ".modal .o_oms_grades .btn-primary[data-grade='B']" },
        confirms,
        graded("Apple", "1", "B: opened"),
        does("done", ".btn-primary"),
        opensDialog("Everything seen?"),
        {
            content: "What did not come is told",
            trigger: ".modal li:contains('Berry did not come')",
        },
        { trigger: ".modal .o_oms_rest_none.btn-primary" },
        confirms,
        // Goods, grades, what becomes of them and the customer's money: that takes its time.
        { ...says("done", "2 received"), timeout: 60000 },
        {
            content: "Nothing is left to do",
            trigger: ".o_oms_return_list .o_oms_nothing:contains('Nothing is expected back')",
        },
        allSent,
    ],
});

tours.add("oms_site_returns_blind", {
    steps: () => [
        showsReturns,
        inList("2000000000015", "Scan goods that nobody announced"),
        {
            content: "The screen tells what they are",
            trigger: ".o_oms_found:contains('Apple')",
        },
        {
            content: "Several orders may be meant: by the customer's name it is one",
            trigger: ".o_oms_candidate:contains('Grace Hopper')",
        },
        {
            trigger: ".o_oms_return_list .o_oms_scan_bar input",
            run: "edit lovelace apple",
        },
        {
            trigger: ".o_oms_submit_code",
            run: "click",
        },
        {
            content: "Why it is this one is told",
            trigger: ".o_oms_candidate:contains('Ada Lovelace'):contains('the customer has 2 of this order')",
        },
        { trigger: ".o_oms_found:not(:contains('Grace Hopper'))" },
        {
            trigger: ".o_oms_open_unknown",
            run: "click",
        },
        {
            content: "Without an order as long as nobody is sure",
            trigger: ".o_oms_order_header:contains('Nobody knows whose yet')",
        },
        scannedIn(".o_oms_return .o_oms_scan_bar", "2000000000015", "The goods are counted"),
        came("Apple", "1"),
        does("match", ".btn-primary"),
        opensDialog("Which order is it from?"),
        { trigger: ".modal .o_oms_candidate:contains('Grace Hopper')" },
        {
            trigger: ".modal .o_oms_scan_bar input",
            run: "edit lovelace",
        },
        {
            trigger: ".modal .o_oms_submit_code",
            run: "click",
        },
        { trigger: ".modal:not(:contains('Grace Hopper'))" },
        {
            trigger: ".modal .o_oms_candidate:contains('Ada Lovelace')",
            run: "click",
        },
        { trigger: ".o_oms_order_header:contains('Ada Lovelace')" },
        came("Apple", "1"),
        does("grade", ".btn-primary"),
        opensDialog("Apple"),
        {
            trigger: ".modal .o_oms_all_good",
            run: "click",
        },
        { trigger: ".modal .o_oms_grades .btn-primary[data-grade='A']" },
        confirms,
        graded("Apple", "1", "A: as new"),
        does("done", ".btn-primary"),
        confirms,
        { ...says("done", "1 received"), timeout: 60000 },
        allSent,
    ],
});

tours.add("oms_site_returns_offline", {
    steps: () => [
        showsReturns,
        inList("W-1", "Scan a serial number that nobody announced"),
        {
            trigger: ".o_oms_candidate:contains('Ada Lovelace'):contains('Certain')",
        },
        {
            content: "The connection is lost before the return is begun",
            trigger: ".o_oms_candidate",
            run: () => {
                cutTheLine();
                document.querySelector(".o_oms_candidate").click();
            },
        },
        came("Watch", "1"),
        waits("2 waiting"),
        {
            content: "The second piece is chosen from those that were delivered",
            trigger: ".o_oms_return_line:contains('Watch') .o_oms_lot",
            run: "click",
        },
        {
            trigger: ".modal .o_oms_lot_choice:contains('W-2')",
            run: "click",
        },
        came("Watch", "2"),
        waits("3 waiting"),
        does("grade"),
        opensDialog("Watch"),
        {
            trigger: ".modal .o_oms_grades [data-grade='A']",
            run: "click",
        },
        confirms,
        graded("W-1", "1", "A: as new"),
        waits("4 waiting"),
        {
            content: "The page is loaded again before anything is sent",
            trigger: ".o_oms_top_bar",
            run: () => browser.location.reload(),
            expectUnloadPage: true,
        },
        {
            content: "The same return is there, and everything arrived",
            trigger: ".o_oms_return_line:contains('Watch') .o_oms_count:contains('2')",
        },
        allSent,
        graded("W-1", "1", "A: as new"),
        {
            trigger: ".o_oms_return_line:contains('Watch') .o_oms_item:contains('W-2')",
        },
        {
            content: "Who goes back finds it among what is being received",
            trigger: ".o_oms_back",
            run: "click",
        },
        {
            trigger: ".o_oms_return_card:contains('Ada Lovelace'):contains('Being received')",
        },
    ],
});
