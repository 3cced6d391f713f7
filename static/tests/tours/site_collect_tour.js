import { registry } from "@web/core/registry";
import { confirms, counts, does, isAt, opens, says, scan, scanned } from "./site_work_steps";

const tours = registry.category("web_tour.tours");

const nothingLeft = {
    content: "Nothing is left to do",
    trigger: ".o_oms_nothing:contains('All done')",
};

const storesAt = (place) => ({
    content: "Say where it waits",
    trigger: ".modal input[name='storage']",
    run: `edit ${place}`,
});

tours.add("oms_site_work_collect", {
    steps: () => [
        opens("Ada"),
        scanned("2000000000015"),
        counts("Apple", "1/2"),
        scanned("2000000000015"),
        says("done", "Everything is picked"),
        does("ready", ".btn-primary"),
        storesAt("Shelf R"),
        confirms,
        isAt("ready"),
        {
            trigger: ".o_oms_storage:contains('Shelf R')",
        },
        {
            trigger: ".o_oms_back",
            run: "click",
        },
        {
            content: "The card tells where it waits, and until when",
            trigger: ".o_oms_card:contains('Ada'):contains('Shelf R'):contains('Waits for the customer until')",
        },
        {
            content: "A code of nobody",
            trigger: ".o_oms_work_list",
            run: () => scan("ZZZZ-9999"),
        },
        says("error", "ZZZZ9999"),
        {
            content: "The customer's code",
            trigger: ".o_oms_work_list",
            run: () => scan("BCDF-2345"),
        },
        {
            content: "The code is taken for right, and the identity still wanted",
            trigger: ".modal:has(.o_oms_confirm:disabled) input[name='pickup_code'].is-valid",
        },
        {
            trigger: ".modal input[name='identity']",
            run: "check",
        },
        confirms,
        says("done", "Handed over"),
        nothingLeft,
    ],
});

tours.add("oms_site_work_reserve", {
    steps: () => [
        opens("Ada"),
        does("ready", ".btn-primary"),
        storesAt("Desk"),
        confirms,
        isAt("ready"),
        does("sell", ".btn-primary"),
        {
            content: "The customer tried three and takes two",
            trigger: ".modal .o_oms_less:enabled",
            run: "click",
        },
        {
            trigger: ".modal p:contains('free for others')",
        },
        confirms,
        says("done", "Sold"),
        nothingLeft,
    ],
});
