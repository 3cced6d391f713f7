import { registry } from "@web/core/registry";

const accepted = ".o_statusbar_status .o_arrow_button_current:contains('Accepted')";
const tour = registry.category("web_tour.tours");

const click = (content, trigger) => ({ content, trigger, run: "click" });
const back = (content, arrived) => [
    click(content, ".o_breadcrumb .o_back_button a"),
    { content: "There", trigger: arrived },
];
const openProposals = () => [
    click("The run is done; open what it proposes", ".o_form_view button[name='action_view_proposals']"),
    // The run's form has a list of notes, too.
    { trigger: "body:not(:has(.o_form_view)) .o_list_view .o_data_row" },
];

/** Wait until a number of a row of the list of positions is what is expected: what was seen before comes first. */
const expectPosition = (site, column, getExpected) => ({
    content: `${column} at ${site}`,
    trigger: `.o_list_view .o_data_row:contains('${site}') td[name='${column}']`,
    run: async () => {
        const expected = getExpected();
        const read = () => {
            const rows = [...document.querySelectorAll(".o_list_view .o_data_row")];
            const row = rows.find((one) => one.querySelector("td[name='site_id']")?.textContent.includes(site));
            return parseFloat(row?.querySelector(`td[name='${column}']`).textContent);
        };
        for (let attempt = 0; read() !== expected && attempt < 100; attempt++) {
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
        if (read() !== expected) {
            throw new Error(`${column} at ${site} is ${read()} instead of ${expected}`);
        }
    },
});

/** A planner opens a run, reads why, accepts two transfers and a purchase and sees what they are. */
tour.add("oms_flow_proposal", {
    steps: () => {
        let apples = NaN;
        return [
            ...openProposals(),
            click("Open the transfer of apples", ".o_list_view .o_data_row:contains('Apple') td[name='site_id']"),
            {
                content: "It says why",
                trigger: ".o_form_view .o_field_widget[name='why']:contains('sells 1.43')",
            },
            {
                content: "It shows the stock before and after, at both ends",
                trigger: ".o_form_view .o_field_oms_flow_chart:has(canvas[aria-label]):contains('Near'):contains('Far')",
            },
            {
                content: "How much it is",
                trigger: ".o_form_view .o_field_widget[name='quantity'] input",
                run: ({ anchor }) => {
                    apples = parseFloat(anchor.value);
                },
            },
            click("Nothing of it is on its way yet", "button[name='action_view_positions']"),
            expectPosition("Near", "demand", () => 0),
            ...back("Back to the proposal", ".o_form_view .o_field_widget[name='why']"),
            click("Accept it", ".o_form_view button[name='action_accept']:contains('Accept'):not(:contains('Next'))"),
            { trigger: accepted },
            click("The transfers are there", "button[name='action_view_pickings']:contains('2')"),
            { trigger: ".o_list_view .o_data_row:contains('/IN/')" },
            click("Open the one that leaves", ".o_list_view .o_data_row:contains('/OUT/') td[name='name']"),
            { trigger: ".o_form_view .o_field_widget[name='move_ids']:contains('Apple')" },
            click("It knows the proposal", ".o_form_view button[name='action_view_oms_proposals']:contains('1')"),
            { trigger: ".o_last_breadcrumb_item:contains('Flow Proposals')" },
            { trigger: ".o_list_view .o_data_row:contains('Apple')" },
            ...back("Back to the transfer", ".o_form_view .o_field_widget[name='move_ids']"),
            ...back("Back to the transfers", ".o_list_view .o_data_row:contains('/IN/')"),
            ...back("Back to the proposal", `.o_form_view ${accepted}`),
            click("The supply has moved at both ends", "button[name='action_view_positions']"),
            expectPosition("Near", "demand", () => apples),
            expectPosition("Far", "incoming", () => apples),
            ...back("Back to the proposal", ".o_form_view .o_field_widget[name='why']"),
            ...back("Back to what is left to decide", ".o_list_view .o_data_row:contains('Berry')"),
            click(
                "Accept the transfer of berries from the list",
                ".o_list_view .o_data_row:contains('Berry') button[name='action_accept']"
            ),
            { trigger: ".o_list_view:not(:has(.o_data_row:contains('Berry')))" },
            click("Open the purchase", ".o_list_view .o_data_row:contains('Orchard') td[name='site_id']"),
            { trigger: ".o_form_view .o_field_widget[name='why']:contains('Orchard asks')" },
            click("Accept it", ".o_form_view button[name='action_accept']:contains('Accept'):not(:contains('Next'))"),
            { trigger: accepted },
            click("The supplier is asked", "button[name='action_view_purchases']:contains('1')"),
            { trigger: ".o_form_view .o_field_widget[name='partner_id']:contains('Orchard'), .o_form_view .o_field_widget[name='partner_id'] input" },
            { trigger: ".o_form_view .o_field_widget[name='order_line']:contains('Cherry')" },
            { trigger: ".o_form_view button[name='action_view_oms_proposals']:contains('1')" },
        ];
    },
});

/** The planner takes all of it back, together, and sees that nothing is on its way any more. */
tour.add("oms_flow_proposal_undo", {
    steps: () => [
        click("Open what the run proposed", ".o_form_view button[name='action_view_proposals']"),
        { trigger: ".o_view_nocontent, .o_list_view" },
        click("Also what was decided on", ".o_searchview_facet:contains('To Decide') .o_facet_remove"),
        { trigger: ".o_list_view .o_data_row:contains('Cherry'):contains('Accepted')" },
        click("All of them", ".o_list_view thead .o_list_record_selector input"),
        click("Undo them", ".o_control_panel button[name='action_undo']"),
        click("Yes", ".modal .modal-footer .btn-primary"),
        { trigger: ".o_notification:contains('3 undone')" },
        { trigger: ".o_list_view .o_data_row:contains('Apple'):contains('Undone')" },
        { trigger: ".o_list_view .o_data_row:contains('Berry'):contains('Undone')" },
        { trigger: ".o_list_view .o_data_row:contains('Cherry'):contains('Undone')" },
        click("Open the apples", ".o_list_view .o_data_row:contains('Apple') td[name='site_id']"),
        { trigger: ".o_form_view button[name='action_reopen']" },
        click("Nothing is on its way", "button[name='action_view_positions']"),
        expectPosition("Near", "demand", () => 0),
    ],
});
