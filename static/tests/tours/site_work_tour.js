import { browser } from "@web/core/browser/browser";
import { registry } from "@web/core/registry";
import {
    allSent,
    confirms,
    counts,
    cutTheLine,
    does,
    isAt,
    mendTheLine,
    opens,
    says,
    scan,
    scanned,
    waits,
} from "./site_work_steps";

const tours = registry.category("web_tour.tours");

tours.add("oms_site_work_ship", {
    steps: () => [
        {
            content: "The work that waits is counted",
            trigger: ".o_oms_states button[data-state='todo']:contains('1')",
        },
        opens("Phone Customer"),
        scanned("2000000000015", "Scan before it is accepted"),
        says("warning", "Accept the order first"),
        does("accept", ".btn-primary"),
        isAt("accepted"),
        counts("Apple", "0/2"),
        scanned("2000000000015"),
        says("ok", "Apple: 1 of 2"),
        counts("Apple", "1/2"),
        scanned("0000000000000", "Scan what nobody knows"),
        {
            content: "An unknown code is told from a wrong one",
            trigger: ".o_oms_message_error:contains('0000000000000')",
        },
        scanned("2000000000039", "Scan a product of another order"),
        {
            trigger: ".o_oms_message_error:contains('Cheese')",
        },
        scanned("SHELF-B", "Scan a place"),
        says("ok", "Berry"),
        scanned("2000000000022"),
        counts("Berry", "1/1"),
        scanned("2000000000022", "Scan one too many"),
        says("warning", "complete already"),
        scanned("2000000000015", "Scan at the wrong place"),
        says("error", "Wrong place"),
        scanned("SHELF-A"),
        says("ok", "Apple"),
        {
            content: "Without a scanner: a typed code",
            trigger: ".o_oms_order .o_oms_scan_bar input",
            run: "edit 2000000000015",
        },
        {
            trigger: ".o_oms_submit_code",
            run: "click",
        },
        says("done", "Everything is picked"),
        isAt("picked"),
        {
            content: "Undo the last step",
            trigger: ".o_oms_undo",
            run: "click",
        },
        counts("Apple", "1/2"),
        {
            content: "Pick it again with the button",
            trigger: ".o_oms_line:contains('Apple') .o_oms_one_more:enabled",
            run: "click",
        },
        isAt("picked"),
        does("pack", ".btn-primary"),
        {
            trigger: ".modal input[name='weight']",
            run: "edit 1.5",
        },
        confirms,
        {
            trigger: ".o_oms_package:contains('2 Units'):contains('Apple'):contains('Berry'):contains('1.5')",
        },
        isAt("packed"),
        {
            content: "The package is told to be of this order",
            trigger: ".o_oms_package .o_oms_unpack",
            run: () => scan(document.querySelector(".o_oms_package .fw-bold").textContent),
        },
        says("info", "is of this order"),
        does("label", ".btn-primary"),
        {
            content: "The label comes",
            trigger: ".o_oms_label .o_oms_print",
        },
        does("hand_over", ".btn-primary"),
        confirms,
        says("done", "handed over"),
        {
            content: "Nothing is left to do, and wrong scans that were told are forgotten",
            trigger: ".o_oms_site_work:not(:has(.o_oms_connection)) .o_oms_nothing:contains('All done')",
        },
    ],
});

tours.add("oms_site_work_reject", {
    steps: () => [
        opens("Phone Customer"),
        does("reject"),
        {
            content: "Each reason says what it does to the stock",
            trigger: ".modal .o_oms_reasons label:contains('Not in stock') small",
        },
        {
            trigger: ".modal .o_oms_reasons label:contains('Not in stock')",
            run: "click",
        },
        confirms,
        {
            content: "It is not this site's work any more",
            trigger: ".o_oms_nothing:contains('All done')",
        },
    ],
});

const cutOff = {
    content: "The connection is lost",
    trigger: ".o_oms_order .o_oms_lines",
    run: cutTheLine,
};

const connect = {
    content: "The connection is back",
    trigger: ".o_oms_offline",
    run: mendTheLine,
};

tours.add("oms_site_work_offline", {
    steps: () => [
        opens("Phone Customer"),
        scanned("2000000000015"),
        counts("Apple", "1/3"),
        allSent,
        cutOff,
        scanned("2000000000015"),
        waits("1 waiting"),
        counts("Apple", "2/3"),
        scanned("2000000000022"),
        waits("2 waiting"),
        counts("Berry", "1/2"),
        connect,
        allSent,
        counts("Apple", "2/3"),
        counts("Berry", "1/2"),
        cutOff,
        scanned("2000000000015"),
        scanned("2000000000022"),
        waits("2 waiting"),
        isAt("picked"),
        does("pack"),
        confirms,
        waits("3 waiting"),
        isAt("packed"),
        {
            content: "The page is loaded again before anything is sent",
            trigger: ".o_oms_top_bar",
            run: () => browser.location.reload(),
            expectUnloadPage: true,
        },
        {
            content: "The same order is there, and everything arrived",
            trigger: ".o_oms_package:contains('3 Units'):contains('Apple'):contains('2 Units')",
        },
        allSent,
        isAt("packed"),
    ],
});

const notFound = (product) => ({
    content: `${product} is not there`,
    trigger: `.o_oms_line:contains('${product}') .o_oms_not_found`,
    run: "click",
});

tours.add("oms_site_work_dialogs", {
    steps: () => [
        opens("Phone Customer"),
        {
            content: "Who works on it is seen, and makes room",
            trigger: ".o_oms_worker:contains('Anna') button",
            run: "click",
        },
        { trigger: ".o_oms_leave" },
        scanned("2000000000060", "Scan a product of which each piece has a number"),
        {
            content: "The number is asked for, and typed here",
            trigger: ".modal input[name='lot']",
            run: "edit SN-NOBODY",
        },
        { trigger: ".modal .btn-primary:contains('Take it')", run: "click" },
        {
            content: "Nobody knows the number",
            trigger: ".o_oms_message_error:contains('SN-NOBODY')",
        },
        counts("Radio", "0/1"),
        scanned("SN-2", "Scan the number of another piece than the reserved one"),
        counts("Radio", "1/1"),
        { trigger: ".o_oms_line:contains('Radio') .badge:contains('SN-2')" },
        scanned("2000000000053", "Scan the product of lots"),
        {
            content: "How many of the lot",
            trigger: ".modal .o_oms_one_more:enabled",
            run: "click",
        },
        { trigger: ".modal .btn-secondary:contains('It is LOT-1')", run: "click" },
        counts("Milk", "2/2"),
        scanned("2000000000015"),
        counts("Apple", "1/3"),
        notFound("Apple"),
        { trigger: ".modal:contains('2 Units') .o_oms_confirm:disabled" },
        { trigger: ".modal .o_oms_reasons label:contains('Not in stock')", run: "click" },
        confirms,
        {
            content: "What is not there is told on the line, or the line asks for what is left",
            trigger: ".o_oms_line:contains('Apple'):contains('2 Units not found'), .o_oms_line:contains('Apple') .o_oms_count:contains('1/1')",
        },
        isAt("picked"),
        does("pack", ".btn-primary"),
        confirms,
        {
            content: "It was the wrong box",
            trigger: ".o_oms_package:contains('Radio') .o_oms_unpack",
            run: "click",
        },
        isAt("picked"),
        does("pack", ".btn-primary"),
        confirms,
        { trigger: ".o_oms_package:contains('Milk')" },
        isAt("packed"),
        {
            content: "Somebody else goes on",
            trigger: ".o_oms_leave",
            run: "click",
        },
        { trigger: ".o_oms_order_header:not(:has(.o_oms_leave))" },
    ],
});

tours.add("oms_site_work_offer", {
    steps: () => [
        {
            content: "Offers are told from work that is the site's",
            trigger: ".o_oms_card:contains('First Come'):contains('the first that accepts gets it')",
            run: "click",
        },
        { trigger: ".o_oms_offer" },
        does("accept", ".btn-primary"),
        isAt("accepted"),
        { trigger: ".o_oms_order:not(:has(.o_oms_offer))" },
        {
            content: "Back to the list",
            trigger: ".o_oms_back",
            run: "click",
        },
        {
            trigger: ".o_oms_card:contains('Too Late')",
            run: "click",
        },
        does("accept", ".btn-primary"),
        {
            content: "Another site was faster",
            trigger: ".o_oms_message_error, .o_oms_message_warning",
        },
        { trigger: ".o_oms_order:not(:has(.o_oms_offer)), .o_oms_list" },
    ],
});
